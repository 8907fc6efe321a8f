import { basename, dirname, resolve } from 'node:path'
import { scatterChart } from '../charts/scatter-chart.ts'
import { mapWords } from '../evaluation/word-map.ts'
import type { WordVectors } from '../models/word-vectors.ts'
import { nodeStorage } from '../storage/node.ts'
import { writeText } from '../storage/storage.ts'
import type { Command } from './command.ts'
import { openVectors, vectorsArgument, vectorsOptions } from './open-vectors.ts'

const mapOptions = {
  out: { type: 'string', default: 'map.svg', placeholder: 'FILE', help: 'file of the map, as SVG' },
  count: { type: 'integer', default: 150, minimum: 3, unit: 'words', help: 'frequent words, where none are named' },
  skip: { type: 'integer', default: 50, minimum: 0, unit: 'words', help: 'the most frequent words say little' },
  neighbours: { type: 'integer', default: 0, minimum: 0, unit: 'words', help: 'also the nearest of each named word' },
} as const

const options: typeof mapOptions & typeof vectorsOptions = { ...mapOptions, ...vectorsOptions }

export const command: Command<typeof options> = {
  arguments: [
    vectorsArgument,
    { name: 'WORD', help: 'what to show (default: frequent words)', optional: true, many: true },
  ],
  options,
  examples: [
    'nacre map runs/vectors',
    'nacre map runs/vectors king queen whale ship --neighbours 12 --out words.svg',
    'nacre map runs/novels 宝玉 黛玉 曹操 刘备 悟空 八戒 --neighbours 10',
  ],
  async run({ arguments: [path, ...words], options: given, json, report, print }) {
    const vectors = await openVectors(path, given)
    const { words: placed, shown } = mapWords(vectors, chosen(vectors, words, given))
    const points = placed.map(({ word, x, y }) => ({ x, y, label: word }))
    const named = new Set(words.map(word => vectors.words[vectors.idOf(word)]))
    const groups = [
      { name: 'named', points: points.filter(({ label }) => named.has(label)) },
      { name: 'others', points: points.filter(({ label }) => !named.has(label)) },
    ].filter(group => group.points.length > 0)
    const title = `${placed.length} words by their two principal components (${(100 * shown).toFixed(0)} % of the variance)`
    const file = resolve(given.out)
    await writeText(nodeStorage(dirname(file)), basename(file), await scatterChart({ title, groups }))
    if (json) report({ type: 'map', file, shown, words: placed }, '')
    print(`${placed.length} words, ${(100 * shown).toFixed(1)} % of their variance: ${given.out}`)
  },
}

/** Rows of the named words and their neighbours, or of frequent words. */
function chosen(
  vectors: WordVectors,
  words: readonly string[],
  { count, skip, neighbours }: { readonly count: number; readonly skip: number; readonly neighbours: number },
): number[] {
  if (words.length === 0) {
    const begin = Math.max(0, Math.min(skip, vectors.words.length - count))
    return Array.from({ length: Math.min(count, vectors.words.length) }, (_, i) => begin + i)
  }
  const near = words.flatMap(word => vectors.nearest(word, { count: neighbours }).map(neighbour => neighbour.word))
  return [...new Set([...words, ...near].map(word => vectors.idOf(word)))]
}
