/** How a recipe goes on where it was killed. */
import { readText, type Storage } from '../src/index.ts'

/** Whether a folder holds a training with these very options. */
export async function wasBegun(storage: Storage, options: object): Promise<boolean> {
  const name = 'training/options.json'
  if (!(await storage.exists(name))) return false
  const begun: { readonly options: object } = JSON.parse(await readText(storage, name))
  const plain = (table: object) => JSON.stringify({ ...table, resume: false })
  return plain(begun.options) === plain(options)
}
