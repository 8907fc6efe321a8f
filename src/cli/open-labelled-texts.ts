import { existsSync } from 'node:fs'
import { nearest, OptionError } from '../base/errors.ts'
import type { OptionsOf } from '../base/options.ts'
import { Random } from '../base/random.ts'
import { catalog } from '../data/catalog.ts'
import { classificationTaskNames, readClassificationTask } from '../data/classification-tasks.ts'
import { type ClassificationTask, type LabelledText, readLabelledTexts } from '../data/labelled-text.ts'
import { fetchDataset, openText } from '../data/node.ts'
import { jiebaSegmenter } from '../tokenizers/node.ts'
import { type Segmenter, segmenterFor, spaceSegmenter } from '../tokenizers/segmenter.ts'
import type { labelledTextOptions } from '../training/labelled-text-options.ts'

/** A task, whose test is missing where a file was read. */
export interface OpenTask extends Omit<ClassificationTask, 'test'> {
  readonly test?: ClassificationTask['test']
  readonly segmenter: Segmenter
}

type TaskOptions = OptionsOf<typeof labelledTextOptions>

/**
 * The task that `--data` names, a dataset, or a table of which a part is held out, and what cuts its texts into words.
 * @throws {OptionError} if none is named, or there are too few texts or labels
 * @throws {DataError} if a file is malformed
 */
export async function openLabelledTexts(
  options: TaskOptions,
  host: { environment: Readonly<Record<string, string | undefined>>; note: (text: string) => void },
): Promise<OpenTask> {
  const task = await openTask(options, host)
  if (task.train.some(({ second }) => second !== undefined)) {
    const expected = 'labelled texts: this classifier reads one text, not two'
    throw new OptionError({ what: 'Option --data', expected, received: `${options.data}, which has pairs` })
  }
  const sample = task.train.slice(0, 100).map(({ text }) => text)
  return { ...task, segmenter: await segmenterOf(options, sample.join('\n')) }
}

/** The same for who reads pairs too, and cuts no words. */
export async function openTask(
  { data, mirror, encoding, validationFraction, seed }: Omit<TaskOptions, 'segmenter'>,
  { environment, note }: Parameters<typeof openLabelledTexts>[1],
): Promise<Omit<OpenTask, 'segmenter'>> {
  if (data === undefined) {
    const hint = `Datasets: ${classificationTaskNames.join(', ')}.`
    throw new OptionError({ what: 'Option --data', expected: 'labelled texts', received: 'none', hint })
  }
  if (existsSync(data)) {
    const separator = /\.csv(\.gz)?$/i.test(data) ? ',' : '\t'
    const source = await openText(data, { encoding })
    const { texts, labels } = await readLabelledTexts(source, { separator, text: ['text'], label: 'label' })
    return { classes: labels, ...heldOut(source.name, texts, labels, { validationFraction, seed }) }
  }
  const dataset = catalog.find(({ name }) => name === data)
  if (dataset === undefined || !classificationTaskNames.includes(data)) throw noSuchData(data, classificationTaskNames)
  note(`Reading dataset ${data} ...`)
  return readClassificationTask(data, await fetchDataset(dataset, { environment, mirror }))
}

/** The error of a `--data` that is neither a file nor one of these datasets. */
export function noSuchData(data: string, names: readonly string[]): OptionError {
  const near = nearest(data, names)
  const hint = near === undefined ? `Datasets: ${names.join(', ')}.` : `Did you mean "${near}"?`
  const expected = 'a file that exists, or a dataset that this learns from'
  return new OptionError({ what: 'Option --data', expected, received: `"${data}"`, hint })
}

/**
 * A random part of labelled texts held out.
 * @throws {OptionError} if there are too few, or one label only
 */
export function heldOut(
  what: string,
  texts: readonly LabelledText[],
  labels: readonly string[],
  { validationFraction, seed }: Pick<TaskOptions, 'validationFraction' | 'seed'>,
): Pick<ClassificationTask, 'train' | 'validation'> {
  const held = Math.max(1, Math.floor(texts.length * validationFraction))
  if (labels.length < 2 || held >= texts.length) {
    const received = `${texts.length} texts with ${labels.length} labels`
    throw new OptionError({ what, expected: 'texts of at least two labels', received })
  }
  const shuffled = new Random(seed, 'split').shuffle([...texts])
  return { train: shuffled.slice(held), validation: shuffled.slice(0, held) }
}

async function segmenterOf({ data, segmenter }: TaskOptions, sample: string): Promise<Segmenter> {
  if (segmenter === 'jieba') return jiebaSegmenter()
  if (segmenter === 'spaces' || (segmenter === undefined && data === 'sst2')) return spaceSegmenter
  return segmenterFor(sample)
}
