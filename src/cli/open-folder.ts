import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { adaptedStorage } from '../checkpoints/adapted-storage.ts'
import { adapterConfigFile, isAdapterFolder, openAdapter } from '../checkpoints/adapter.ts'
import { nodeStorage } from '../storage/node.ts'
import type { Storage } from '../storage/storage.ts'

/** Options of every command that opens a model, which may be an adapter. */
export const adapterOptions = {
  base: {
    type: 'string',
    placeholder: 'DIR',
    help: 'where RUN is an adapter: folder of the model that it was learned on (default: what the adapter names)',
  },
} as const

/**
 * The folder of a model; that of an adapter as the model that it makes of its base.
 * @throws {OptionError} if a base is named for what is no adapter, or the base is not there
 * @throws {CheckpointError} if the adapter is one of another base
 */
export async function openFolder(folder: string, { base }: { readonly base?: string } = {}): Promise<Storage> {
  const storage = nodeStorage(resolve(folder))
  if (!(await isAdapterFolder(storage))) {
    if (base === undefined) return storage
    const expected = `an adapter in RUN, with ${adapterConfigFile}`
    throw new OptionError({ what: 'Option --base', expected, received: `"${folder}" without it` })
  }
  const named = base ?? (await openAdapter(storage)).base
  if (named !== undefined && existsSync(named)) return adaptedStorage(storage, await openFolder(named))
  throw new OptionError({
    what: `The base of the adapter ${folder}`,
    expected: 'the folder of a model',
    received: named === undefined ? 'none' : `"${named}", which does not exist`,
    hint: 'Name it with --base DIR.',
  })
}
