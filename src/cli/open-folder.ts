import { existsSync, realpathSync } from 'node:fs'
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
  if (base !== undefined && !(await isAdapterFolder(nodeStorage(resolve(folder))))) {
    const expected = `an adapter in RUN, with ${adapterConfigFile}`
    throw new OptionError({ what: 'Option --base', expected, received: `"${folder}" without it` })
  }
  const [lowest, ...adapters] = (await foldersOf(folder, base)).toReversed().map(path => nodeStorage(resolve(path)))
  let whole = lowest
  for (const adapter of adapters) whole = await adaptedStorage(adapter, whole)
  return whole
}

/**
 * A folder, and if it is an adapter its base, and so on down to a whole model.
 * @throws {OptionError} if a base is not there, or is the adapter itself
 */
export async function foldersOf(folder: string, base?: string): Promise<string[]> {
  const folders = [folder]
  const seen = new Set(existsSync(folder) ? [realpathSync(folder)] : [])
  for (let adapter = folder, named = base; await isAdapterFolder(nodeStorage(resolve(adapter))); named = undefined) {
    named ??= (await openAdapter(nodeStorage(resolve(adapter)))).base
    if (named === undefined || !existsSync(named) || seen.has(realpathSync(named))) {
      const received =
        named === undefined
          ? 'none'
          : `"${named}", which ${existsSync(named) ? 'is an adapter of it' : 'does not exist'}`
      const what = `The base of the adapter ${adapter}`
      throw new OptionError({ what, expected: 'the folder of a model', received, hint: 'Name it with --base DIR.' })
    }
    seen.add(realpathSync(named))
    folders.push(named)
    adapter = named
  }
  return folders
}
