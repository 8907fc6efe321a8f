import { existsSync } from 'node:fs'
import { nearest, OptionError } from '../base/errors.ts'
import { chatDatasetNames } from '../chat/datasets.ts'
import { catalog } from '../data/catalog.ts'
import type { Dataset } from '../data/dataset.ts'
import { datasetText } from '../data/get.ts'
import { fetchDataset, namesShards, openShards, openText } from '../data/node.ts'
import { textOfShards } from '../data/shard-stream.ts'
import type { TextSource } from '../data/text.ts'

export interface DataOptions {
  readonly data?: string
  readonly encoding: string
  readonly mirror?: string
  /** Of records, the field with the text. */
  readonly field?: string
  readonly shuffleBuffer?: number
}

/**
 * The text that `--data` names: a file, a dataset of the catalog, or shards, whose documents are shuffled.
 * @throws {OptionError} if none is named, or a dataset that is no text
 */
export async function openData(
  { data, encoding, mirror, field, shuffleBuffer }: DataOptions,
  { environment, note }: { environment: Readonly<Record<string, string | undefined>>; note: (text: string) => void },
): Promise<TextSource> {
  const isText = ({ name, language, generated }: Dataset): boolean =>
    generated !== undefined || (language !== '-' && !chatDatasetNames.includes(name))
  const names = catalog.flatMap(each => (isText(each) ? [each.name] : [])).join(', ')
  if (data === undefined) {
    const expected = 'a text file or the name of a dataset'
    throw new OptionError({ what: 'Option --data', expected, received: 'none', hint: `Datasets: ${names}.` })
  }
  const dataset = existsSync(data) ? undefined : catalog.find(({ name }) => name === data)
  if (dataset === undefined && namesShards(data)) {
    const shards = await openShards(data, { field, encoding })
    note(`Reading ${shards.length} ${shards.length === 1 ? 'shard' : 'shards'} ...`)
    return textOfShards(data, shards, { seed: 1, bufferSize: shuffleBuffer })
  }
  if (dataset === undefined) {
    const near = existsSync(data) ? undefined : nearest(data, names.split(', '))
    if (near === undefined) return openText(data, { encoding })
    const expected = 'a text file that exists, or the name of a dataset'
    throw new OptionError({ what: 'Option --data', expected, received: `"${data}"`, hint: `Did you mean "${near}"?` })
  }
  if (!isText(dataset)) {
    const received = `${dataset.name} (${dataset.description})`
    const other = dataset.language === '-' ? '' : 'A model that has learned a text learns it by nacre finetune. '
    throw new OptionError({ what: 'Option --data', expected: 'a text', received, hint: `${other}Datasets: ${names}.` })
  }
  note(`Reading dataset ${data} ...`)
  const text = datasetText(dataset, await fetchDataset(dataset, { environment, mirror }))
  return { ...text, name: dataset.name }
}
