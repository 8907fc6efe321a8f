import { beforeEach, expect, test } from 'vitest'
import { Llama } from '../models/2023-llama.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { memoryStorage } from '../storage/memory.ts'
import { type Storage, writeText } from '../storage/storage.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { joinedStorage } from './joined-storage.ts'
import { loadModelFolder, saveModelFolder } from './model-folder.ts'
import { openSafetensors, writeSafetensors } from './safetensors.ts'

const index = 'model.safetensors.index.json'
const tokenizer = await trainCharacters(['话说天下大势，分久必合'])
const model = new Llama({
  ...{ vocabulary: tokenizer.vocabularySize, context: 16, channels: 8, layers: 2, heads: 4, keyValueHeads: 2 },
  ...{ hidden: 12, rotaryBase: 500, epsilon: 1e-6, tied: false },
})
const weights = initialWeights(namedParameters(model), 1)
let storage: Storage
let map: Record<string, string>

beforeEach(async () => {
  storage = memoryStorage()
  await saveModelFolder(storage, { model, weights, tokenizer })
  const whole = await openSafetensors(storage, 'model.safetensors')
  const names = [...whole.tensors.keys()]
  map = Object.fromEntries(names.map((name, i) => [name, `model-0000${1 + (i % 3)}-of-00003.safetensors`]))
  for (const file of new Set(Object.values(map))) {
    const own = names.filter(name => map[name] === file).map(name => whole.tensors.get(name)!)
    const tensors = own.map(({ name, dtype, shape }) => ({ name, dtype, shape, data: () => whole.read(name) }))
    await writeSafetensors(storage, file, tensors)
  }
  await writeText(storage, index, JSON.stringify({ metadata: { total_size: 1 }, weight_map: map }))
})

test('weights in several files are those of one', async () => {
  const whole = await storage.read('model.safetensors')
  await storage.remove('model.safetensors')
  const loaded = await loadModelFolder(storage)
  expect(loaded.weights).toEqual(weights)
  const joined = await joinedStorage(storage)
  expect(await joined.read('model.safetensors')).toEqual(whole)
  expect(await joined.list()).toContain('model.safetensors')
  await expect(joined.write('config.json', [])).rejects.toThrow('its weights lie in several files')
  await expect(joined.readRange('model.safetensors', whole.length - 1, 2)).rejects.toThrow(index)
})

test('where there is one file, it is taken', async () => {
  await writeText(storage, index, 'damaged')
  expect(await joinedStorage(storage)).toBe(storage)
  expect((await loadModelFolder(storage)).weights).toEqual(weights)
})

test.each([
  ['damaged', 'expected a JSON object. Received damaged'],
  ['{}', 'field "weight_map", expected names of .safetensors files in the same folder, by tensor. Received none'],
  ['{"weight_map": {"a": "../secret.safetensors"}}', 'Received "../secret.safetensors"'],
  ['{"weight_map": {"a": 3}}', 'Received 3'],
  ['{"weight_map": {"a": "lost.safetensors"}}', 'lost.safetensors expected a file'],
  ['{"weight_map": {"a": "model-00001-of-00003.safetensors"}}', 'expected the tensor "a"'],
])('an index that says %s is refused', async (text, message) => {
  await storage.remove('model.safetensors')
  await writeText(storage, index, text)
  await expect(loadModelFolder(storage)).rejects.toThrow(message)
})

test('a tensor that no file has', async () => {
  await storage.remove('model.safetensors')
  const { 'lm_head.weight': _, ...others } = map
  await writeText(storage, index, JSON.stringify({ weight_map: others }))
  await expect(loadModelFolder(storage)).rejects.toThrow('expected a tensor "lm_head.weight"')
})
