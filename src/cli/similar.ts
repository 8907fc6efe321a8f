import type { Neighbour } from '../models/word-vectors.ts'
import { columnsOf, padColumns } from './columns.ts'
import type { Command } from './command.ts'
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

export const command: Command<typeof neighbourOptions> = {
  arguments: [vectorsArgument, { name: 'WORD', help: 'whose neighbours are wanted' }],
  options: neighbourOptions,
  examples: [
    'nacre similar runs/vectors whale',
    'nacre similar GoogleNews-vectors-negative300.bin.gz king --limit 200000',
  ],
  async run({ arguments: [path, word], options, json, report, print }) {
    const neighbours = (await openVectors(path, options)).nearest(word, options)
    if (json) report({ type: 'similar', word, neighbours }, '')
    printNeighbours(neighbours, print)
  },
}

/** A word and its similarity in each line. */
export function printNeighbours(neighbours: readonly Neighbour[], print: (text: string) => void): void {
  const width = Math.max(...neighbours.map(({ word }) => columnsOf(word)))
  for (const { word, similarity } of neighbours) print(`${padColumns(word, width)}  ${similarity.toFixed(4)}`)
}
