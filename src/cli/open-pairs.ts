import { existsSync } from 'node:fs'
import { nearest, OptionError } from '../base/errors.ts'
import { catalog } from '../data/catalog.ts'
import { fetchDataset, openText } from '../data/node.ts'
import { checkPairDataset, type PairTask, pairDatasets, pairTask } from '../data/pair-tasks.ts'
import { readPairs, type SentencePair, splitPairs } from '../data/pairs.ts'
import type { TranslationRunOptions } from '../training/translation-run.ts'
import { noSuchData } from './open-labelled-texts.ts'

/**
 * The pairs that `--data` names: a dataset, or a file with a tab between the sides.
 * @throws {OptionError} if none is named, or a dataset that has no pairs
 * @throws {DataError} with the number of a line without a tab
 */
export async function openPairs(
  {
    data,
    mirror,
    encoding,
    skipMalformed,
    reverse,
    validationFraction,
  }: Pick<TranslationRunOptions, 'data' | 'mirror' | 'encoding' | 'skipMalformed' | 'reverse' | 'validationFraction'>,
  { environment, note }: { environment: Readonly<Record<string, string | undefined>>; note: (text: string) => void },
): Promise<PairTask> {
  if (data === undefined) {
    const hint = `Datasets: ${pairDatasets.map(({ name }) => name).join(', ')}.`
    throw new OptionError({
      what: 'Option --data',
      expected: 'a file of pairs or the name of a dataset',
      received: 'none',
      hint,
    })
  }
  const dataset = existsSync(data) ? undefined : catalog.find(({ name }) => name === data)
  if (dataset !== undefined) {
    checkPairDataset(dataset)
    note(`Reading dataset ${data} ...`)
    const task = await pairTask(dataset, await fetchDataset(dataset, { environment, mirror }))
    return reverse ? reversed(task) : task
  }
  const names = pairDatasets.map(({ name }) => name)
  if (!existsSync(data) && nearest(data, names) !== undefined) throw noSuchData(data, names)
  const { pairs, skipped } = await readPairs(await openText(data, { encoding }), {
    missingTab: skipMalformed ? 'skip' : 'refuse',
    secondIsSource: reverse,
  })
  if (skipped.length > 0)
    note(`${data}: left out ${skipped.length} lines that are no pairs, the first is ${skipped[0]}.`)
  const { train, validation } = splitPairs(pairs, { seed: 1, validation: validationFraction, test: 0 })
  return { train, validation, tests: {} }
}

function reversed({ train, validation, tests }: PairTask): PairTask {
  const turn = (pairs: readonly SentencePair[]) =>
    pairs.map(({ source, target }) => ({ source: target, target: source }))
  return {
    train: turn(train),
    validation: turn(validation),
    tests: Object.fromEntries(Object.entries(tests).map(([name, pairs]) => [name, turn(pairs)])),
  }
}
