/** The folder that a training or a merging writes to: none that it reads from, and no model that is not a run's. */
import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { modelTypeOf } from '../checkpoints/classifier-folder.ts'
import type { Storage } from '../storage/storage.ts'
import { stateFile } from '../training/checkpoint.ts'
import { modelOfRun } from '../training/run-folder.ts'

/**
 * Makes sure that nothing that is read lies in the folder that is written, whatever the two are called.
 * @throws {OptionError} if a folder that is read is that of `--out`, or inside of it
 */
export function refuseOverlap(out: string, read: readonly string[]): void {
  const target = realPath(resolve(out))
  const overlapping = read.find(folder => isWithin(realPath(resolve(folder)), target))
  if (overlapping === undefined) return
  const expected = `a folder that neither is nor holds "${overlapping}", which is kept`
  throw new OptionError({ what: 'Option --out', expected, received: `"${out}"` })
}

/**
 * Makes sure before any work that a folder can be made.
 * @throws {OptionError} if it is a file
 */
export function refuseFile(out: string): void {
  if (!existsSync(out) || statSync(out).isDirectory()) return
  throw new OptionError({ what: 'Option --out', expected: 'a folder', received: `"${out}", which is a file` })
}

/**
 * Says what a new run in a folder replaces.
 * @throws {OptionError} if it is a model that no run of ours made, which nothing would bring back
 */
export async function noteReplaced(storage: Storage, out: string, note: (text: string) => void): Promise<void> {
  refuseFile(out)
  if (await storage.exists(stateFile)) note(`The run in ${out} is replaced when this one begins.`)
  if ((await modelOfRun(storage)) === undefined && (await storage.exists('config.json')))
    throw kept(out, 'a new folder, or that of an earlier run', 'a model of another origin')
}

/**
 * Makes sure that what is no run replaces no run, and no model of another kind.
 * @param modelType - of what is written; undefined: any that is no run's
 * @throws {OptionError} if it would
 */
export async function refuseOther(storage: Storage, out: string, modelType?: string): Promise<void> {
  refuseFile(out)
  if ((await modelOfRun(storage)) !== undefined) throw kept(out, 'a folder without a run', 'one')
  if (modelType === undefined || !(await storage.exists('config.json'))) return
  const found = await modelTypeOf(storage)
  if (found !== modelType)
    throw kept(out, `a new folder, or one of ${modelType}`, found === '' ? 'another model' : found)
}

/** @throws {OptionError} if a folder holds any model */
export async function refuseModel(storage: Storage, out: string): Promise<void> {
  if (await storage.exists('config.json')) throw kept(out, 'folders of models that an earlier timeline made', 'another')
}

const kept = (out: string, expected: string, found: string): OptionError =>
  new OptionError({
    what: 'Option --out',
    expected,
    received: `"${out}", which holds ${found}`,
    hint: 'Name another folder, or remove it.',
  })

function realPath(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realPath(dirname(path)), basename(path))
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path)
  return way === '' || (way !== '..' && !way.startsWith('../') && !isAbsolute(way))
}
