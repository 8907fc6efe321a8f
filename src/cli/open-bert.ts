import { existsSync, statSync } from 'node:fs'
import { OptionError } from '../base/errors.ts'
import { loadBertFolder, type SavedBERT } from '../checkpoints/bert.ts'
import { modelTypeOf } from '../checkpoints/classifier-folder.ts'
import { type BertEncoder, bertEncoder } from '../generation/bert-encoder.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { bertType } from '../training/bert-run.ts'
import { openFolder } from './open-folder.ts'
import type { ModelPlace } from './open-model.ts'

/** Whether a path is a folder of a BERT. */
export async function isBertFolder(path: string, base?: string): Promise<boolean> {
  if (!existsSync(path) || !statSync(path).isDirectory()) return false
  const storage = await openFolder(path, { base })
  return (await storage.exists('config.json')) && (await modelTypeOf(storage)) === bertType
}

/**
 * The BERT of a folder, ready to answer.
 * @throws {OptionError} if there is no such folder
 * @throws {CheckpointError} if it is no BERT's, or damaged
 */
export async function openBert(path: string, { device, threads, base }: ModelPlace): Promise<BertEncoder> {
  if (!existsSync(path)) {
    throw new OptionError({
      what: 'RUN',
      expected: 'the folder of a BERT',
      received: `"${path}", which does not exist`,
      hint: 'Train one with: nacre train bert --data FILE --out DIR',
    })
  }
  return bertEncoder(await loadBert(path, base), nodeRuntime({ device, threads }))
}

/** @throws {CheckpointError} if a folder is no BERT's, or damaged */
export const loadBert = async (path: string, base?: string): Promise<SavedBERT> =>
  loadBertFolder(await openFolder(path, { base }))
