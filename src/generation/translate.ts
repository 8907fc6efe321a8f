/** From text to text: what a saved translator needs around its beams. */
import { OptionError } from '../base/errors.ts'
import { markersOf, type SavedTranslator } from '../checkpoints/translator-folder.ts'
import { compile, host } from '../compiler/compile.ts'
import { foreignScript } from '../data/scripts.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { type BeamOptions, beamTranslator, checkSource, weightsOf } from './beam.ts'

export interface Translation {
  readonly source: string
  readonly text: string
  /** Log-probability of the text over its length penalty. */
  readonly score: number
  readonly logProbability: number
  readonly sourceIds: readonly number[]
  readonly ids: readonly number[]
}

/**
 * Translates texts, many at once.
 * @throws {OptionError} with the number of a sentence that is empty, too long, or in a script that the model never saw
 */
export async function translateTexts(
  saved: SavedTranslator,
  runtime: Runtime,
  texts: readonly string[],
  options: BeamOptions = {},
): Promise<Translation[]> {
  const { model, weights, tokenizer } = saved
  for (const [i, text] of texts.entries()) refuseForeignScript(text, `Sentence ${i + 1}`, saved.scripts)
  const sources = texts.map(text => sourceIds(saved, text))
  const translator = beamTranslator({ model, weights, runtime, markers: markersOf(tokenizer) }, options)
  try {
    const found = await translator.translate(sources)
    return found.map(([{ ids, score, logProbability }], i) => {
      const text = tokenizer.decode(ids, { special: false })
      return { source: texts[i], text, score, logProbability, sourceIds: sources[i], ids }
    })
  } finally {
    await translator.release()
  }
}

/**
 * Makes sure that a text can be translated.
 * @param what - how the error calls it
 * @throws {OptionError} if it is empty, too long, or in a script that the model never saw
 */
export function requireTranslatable(saved: SavedTranslator, text: string, what: string): void {
  refuseForeignScript(text, what, saved.scripts)
  checkSource(what, sourceIds(saved, text).length, saved.model.context)
}

const sourceIds = ({ tokenizer, lowerCase }: SavedTranslator, text: string): number[] => {
  const plain = text.trim()
  return [...tokenizer.encode(lowerCase ? plain.toLowerCase() : plain)]
}

function refuseForeignScript(text: string, what: string, scripts: readonly string[]): void {
  const foreign = scripts.length > 0 ? foreignScript(text, scripts) : undefined
  if (foreign === undefined) return
  throw new OptionError({
    what,
    expected: `${scripts.join(' or ')} letters, which the model learned`,
    received: `${foreign === 'another' ? 'letters of another script' : foreign} in ${JSON.stringify(text.slice(0, 40))}`,
    hint: 'Was the model trained for the other direction?',
  })
}

/** How much each target token looked at each source token. */
export interface Alignment {
  /** Texts of the source's tokens, and the end. */
  readonly source: readonly string[]
  /** Texts of the target's tokens, and the end. */
  readonly target: readonly string[]
  /** Rows of the target, columns of the source; each row adds up to 1. Of the last layer, the mean over the heads. */
  readonly weights: readonly (readonly number[])[]
}

/**
 * The attention to the source while a translation is written.
 * @throws {OptionError} if the model has no attention
 */
export async function alignmentOf(
  { model, weights, tokenizer }: SavedTranslator,
  runtime: Runtime,
  { sourceIds: source, ids }: Pick<Translation, 'sourceIds' | 'ids'>,
): Promise<Alignment> {
  const { begin, end } = markersOf(tokenizer)
  const [read, written] = [
    [...source, end],
    [begin, ...ids],
  ]
  const attentions = new Map<string, Tensor>()
  const shapes = [read, written].map(row => [1, row.length])
  model.logits(input('source', shapes[0], 'int64'), input('target', shapes[1], 'int64'), { attentions })
  const crossing = [...attentions].filter(([name]) => name.startsWith('cross/')).at(-1)
  if (crossing === undefined) {
    throw new OptionError({ what: 'Option --attention', expected: 'a model with attention', received: 'one without' })
  }
  const parameters = namedParameters(model)
  const mean = crossing[1].mean([1]).reshape([written.length, read.length]) // [T, S]
  const program = await compile(runtime, { mean }, { parameterNames: parameterNames(parameters) })
  const row = (values: readonly number[]) => host('int64', [1, values.length], BigInt64Array.from(values, BigInt))
  const given = { source: row(read), target: row(written) }
  const results = await program.run({ ...given, ...weightsOf(program, weightFeeds(model, weights)) })
  await program.release()
  const values = (results.mean as HostTensor).data as Float32Array
  const text = (id: number): string => (id === end ? '</s>' : tokenizer.decode([id]).trim() || '␣')
  return {
    source: read.map(text),
    target: [...ids, end].map(text),
    weights: written.map((_, t) => [...values.subarray(t * read.length, (t + 1) * read.length)]),
  }
}
