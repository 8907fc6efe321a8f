import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { openText } from '../data/node.ts'
import { linesOf } from '../data/text.ts'
import type { Neighbour } from '../models/word-vectors.ts'
import { columnsOf, padColumns } from './columns.ts'
import type { Command } from './command.ts'
import { isBertFolder, openBert } from './open-bert.ts'
import { deviceOptions } from './open-model.ts'
import { openVectors, vectorsArgument, vectorsOptions } from './open-vectors.ts'

/** Options of commands that name words by nearness. */
const nearnessOptions = {
  count: { type: 'integer', default: 10, minimum: 1, unit: 'words', help: 'words to name' },
  among: { type: 'integer', minimum: 1, unit: 'words', help: 'only among so many of the most frequent (default: all)' },
} as const

export const neighbourOptions: typeof nearnessOptions & typeof vectorsOptions = {
  ...nearnessOptions,
  ...vectorsOptions,
}

const textOptions = {
  texts: { type: 'string', placeholder: 'FILE', help: 'with a BERT: texts to compare with, one in each line' },
} as const
const options: typeof neighbourOptions & typeof textOptions & typeof deviceOptions = {
  ...neighbourOptions,
  ...textOptions,
  ...deviceOptions,
}

export const command: Command<typeof options> = {
  arguments: [
    { ...vectorsArgument, help: `${vectorsArgument.help}, or folder of a BERT` },
    { name: 'WORD', help: 'whose neighbours are wanted; with a BERT, a text' },
    { name: 'TEXT', help: 'with a BERT: texts that are compared with the first', optional: true, many: true },
  ],
  options,
  examples: [
    'nacre similar runs/vectors whale',
    'nacre similar GoogleNews-vectors-negative300.bin.gz king --limit 200000',
    'nacre similar runs/bert "A cat sleeps." "The dog is asleep." "Shares fell."',
    'nacre similar runs/bert "A cat sleeps." --texts sentences.txt --count 3',
  ],
  async run({ arguments: [path, word, ...others], options, json, report, print }) {
    const isBert = await isBertFolder(path)
    if (!isBert && !existsSync(path)) await openVectors(path, options) // says that it is not there
    if (!isBert && (others.length > 0 || options.texts !== undefined)) {
      const hint = 'Vectors of texts are made by a BERT: nacre train bert'
      const received = 'texts to compare with'
      throw new OptionError({ what: 'nacre similar', expected: 'one word, with vectors of words', received, hint })
    }
    const neighbours = isBert
      ? await nearestTexts(path, word, others, options)
      : (await openVectors(path, options)).nearest(word, options)
    if (json) report({ type: 'similar', word, neighbours }, '')
    printNeighbours(neighbours, print)
  },
}

/** The texts whose vectors point most nearly the same way as that of the first. */
async function nearestTexts(
  path: string,
  text: string,
  others: readonly string[],
  { texts: file, count, device, threads }: { texts?: string; count: number; device: string; threads?: number },
): Promise<Neighbour[]> {
  const texts = [...others]
  if (file !== undefined) for await (const line of linesOf(await openText(resolve(file)))) texts.push(line.trim())
  const known = [...new Set(texts)].filter(other => other !== '')
  if (known.length === 0) {
    const hint = 'Give them behind the first text, or in a file: --texts FILE'
    throw new OptionError({ what: 'TEXT', expected: 'texts to compare with', received: 'none', hint })
  }
  const bert = await openBert(path, { device, threads })
  const [own, ...vectors] = await bert.embed([text, ...known])
  await bert.release()
  return known
    .map((other, i) => ({ word: other, similarity: cosineOf(own, vectors[i]) }))
    .sort((a, b) => b.similarity - a.similarity)
    .slice(0, count)
}

function cosineOf(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, value, i) => sum + value * y[i], 0)
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b))
}

/** A word and its similarity in each line. */
export function printNeighbours(neighbours: readonly Neighbour[], print: (text: string) => void): void {
  const width = Math.max(...neighbours.map(({ word }) => columnsOf(word)))
  for (const { word, similarity } of neighbours) print(`${padColumns(word, width)}  ${similarity.toFixed(4)}`)
}
