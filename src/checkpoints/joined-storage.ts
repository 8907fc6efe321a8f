/** Models whose weights lie in several files, as transformers saves those of more than 5 GB (50 GB since its release 5). */
import { CheckpointError } from '../base/errors.ts'
import type { Storage } from '../storage/storage.ts'
import { readJSON } from './architecture.ts'
import { overlay, tensorsFile } from './overlay.ts'
import { openSafetensors, type SafetensorsFile, type StoredTensor } from './safetensors.ts'

const weightsFile = 'model.safetensors'
const indexFile = 'model.safetensors.index.json'

/**
 * The folder of a model with its weights in one file: what stands in several is read where it stands, as if it were one.
 *
 * @throws {CheckpointError} if the index is damaged, or a file of it is missing or lacks a tensor
 */
export async function joinedStorage(storage: Storage): Promise<Storage> {
  if ((await storage.exists(weightsFile)) || !(await storage.exists(indexFile))) return storage
  const location = storage.locate(indexFile)
  const parts = new Map<string, SafetensorsFile>()
  const tensors: StoredTensor[] = []
  for (const [name, file] of Object.entries(await weightMap(storage))) {
    if (!(await storage.exists(file))) {
      const hint = 'Were all parts downloaded?'
      throw new CheckpointError({
        what: storage.locate(file),
        expected: `a file, for ${location} names it`,
        received: 'none',
        hint,
      })
    }
    const part = parts.get(file) ?? (await openSafetensors(storage, file))
    parts.set(file, part)
    const entry = part.tensors.get(name)
    if (entry === undefined) {
      const expected = `the tensor "${name}", as ${location} says`
      throw new CheckpointError({ what: part.location, expected, received: `${part.tensors.size} others` })
    }
    tensors.push({ name, dtype: entry.dtype, shape: entry.shape, data: () => part.read(name) })
  }
  const whole = tensorsFile(location, tensors)
  return overlay(storage, new Map([[weightsFile, whole]]), 'its weights lie in several files')
}

/** Which file each tensor is in, all of the same folder. */
async function weightMap(storage: Storage): Promise<Readonly<Record<string, string>>> {
  const { weight_map: map } = await readJSON(storage, indexFile)
  const isFile = (file: unknown) => typeof file === 'string' && /^[^/\\]+\.safetensors$/.test(file)
  const isMap = typeof map === 'object' && map !== null && !Array.isArray(map)
  const wrong = isMap ? Object.values(map).find(file => !isFile(file)) : map
  if (isMap && wrong === undefined) return map as Record<string, string>
  throw new CheckpointError({
    what: `${storage.locate(indexFile)}, field "weight_map",`,
    expected: 'names of .safetensors files in the same folder, by tensor',
    received: JSON.stringify(wrong) ?? 'none',
  })
}
