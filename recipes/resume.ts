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

/** What was measured before with these settings and kept, or is measured now. */
export async function measuredOnce<T>(
  storage: Storage,
  name: string,
  settings: object,
  measure: () => Promise<T>,
): Promise<T> {
  const file = `${name}.json`
  if (await storage.exists(file)) {
    const kept: { readonly settings: object; readonly measured: T } = JSON.parse(await readText(storage, file))
    if (JSON.stringify(kept.settings) === JSON.stringify(settings)) return kept.measured
  }
  const measured = await measure()
  await storage.write(file, [new TextEncoder().encode(JSON.stringify({ settings, measured }))])
  return measured
}
