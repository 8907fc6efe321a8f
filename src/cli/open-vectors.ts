import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { readWordVectors } from '../checkpoints/word-vectors.ts'
import type { WordVectors } from '../models/word-vectors.ts'
import { nodeStorage } from '../storage/node.ts'
import { vectorFiles } from '../training/word2vec/run.ts'

/** The argument of commands that use word vectors. */
export const vectorsArgument = {
  name: 'RUN',
  help: 'folder of a word2vec run, or a file of vectors (word2vec text or binary, .gz too)',
} as const

/** Options of commands that use word vectors. */
export const vectorsOptions = {
  limit: { type: 'integer', minimum: 1, unit: 'words', help: 'read only so many words of the file' },
} as const

/** The file of vectors that a path means, if it means one. */
export function vectorsFile(path: string): string | undefined {
  if (!existsSync(path)) return undefined
  if (!statSync(path).isDirectory()) return path
  return Object.values(vectorFiles)
    .map(name => join(path, name))
    .find(existsSync)
}

/**
 * Word vectors of a run, or of a file.
 * @throws {OptionError} if there are none
 * @throws {CheckpointError} if the file is damaged
 */
export async function openVectors(path: string, { limit }: { readonly limit?: number } = {}): Promise<WordVectors> {
  const file = vectorsFile(path)
  if (file === undefined) {
    const received = existsSync(path) ? `"${path}", which has none` : `"${path}", which does not exist`
    throw new OptionError({
      what: 'RUN',
      expected: 'the folder of a word2vec run or a file of vectors',
      received,
      hint: 'Train one with: nacre train word2vec --data FILE --out DIR',
    })
  }
  const absolute = resolve(file)
  return readWordVectors(nodeStorage(dirname(absolute)), basename(absolute), { limit })
}
