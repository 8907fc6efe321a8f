import { OptionError } from '../base/errors.ts'
import { checkOption, checkOptions, flagOf, type OptionsOf } from '../base/options.ts'
import { modelEntry, type OwnSize, type TimelineEntry, timeline } from '../models/index.ts'
import { trainOptions } from './options.ts'
import { type Preset, presets } from './presets.ts'

/**
 * The options of a new training: those given over the model's preset over the defaults.
 *
 * @param given - only what was asked for
 * @throws {OptionError} if the model or the preset is unknown, or the model has no such size
 */
export function settleOptions(modelName: string, given: Preset): OptionsOf<typeof trainOptions> {
  const entry = modelEntry(modelName)
  refuseForeignSizes(entry, given)
  if (entry.carriesState && given.microBatchSize !== undefined) throw microBatchError(modelName, given.microBatchSize)
  if (entry.carriesState && given.recompute) {
    const expected = `to be left out for ${modelName}: a recurrence has no blocks`
    throw new OptionError({ what: `Option ${flagOf('recompute')}`, expected, received: flagOf('recompute') })
  }
  const own = presets[modelName]
  const names = Object.keys(own)
  const choice = { type: 'choice', choices: names, help: '' } as const
  const preset = checkOption(choice, given.preset ?? names[0], flagOf('preset')) as string
  return checkOptions(trainOptions, { ...given, preset }, { preset: own[preset], spelling: flagOf })
}

/** A head of a recurrent model is a misunderstanding that silence would keep alive. */
function refuseForeignSizes({ name, sizes }: TimelineEntry, given: Preset): void {
  const all = new Set<OwnSize>(timeline.flatMap(entry => entry.sizes))
  for (const size of all) {
    if (sizes.includes(size) || given[size] === undefined) continue
    throw new OptionError({
      what: `Option ${flagOf(size)}`,
      expected: `a size of ${name}: ${sizes.map(flagOf).join(', ')}`,
      received: `${flagOf(size)} ${given[size]}`,
      hint: `${flagOf(size)} belongs to ${timeline
        .filter(entry => entry.sizes.includes(size))
        .map(entry => entry.name)
        .join(', ')}.`,
    })
  }
}

function microBatchError(model: string, received: number): OptionError {
  return new OptionError({
    what: `Option ${flagOf('microBatchSize')}`,
    expected: `none for ${model}, which carries a state for the whole batch`,
    received: String(received),
    hint: `Use a smaller ${flagOf('batchSize')}.`,
  })
}
