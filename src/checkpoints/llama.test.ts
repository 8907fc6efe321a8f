import { expect, test } from 'vitest'
import { Llama } from '../models/2023-llama.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import type { RotaryScaling } from '../nn/positions.ts'
import { memoryStorage } from '../storage/memory.ts'
import { readText, type Storage, writeText } from '../storage/storage.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { loadModelFolder, saveModelFolder } from './model-folder.ts'
import { openSafetensors } from './safetensors.ts'

const tokenizer = await trainCharacters(['话说天下大势，分久必合'])
const size = { context: 16, channels: 8, layers: 2, heads: 4, keyValueHeads: 2, hidden: 12 }
const rest = { vocabulary: tokenizer.vocabularySize, rotaryBase: 500, epsilon: 1e-6 }

const llama3 = {
  ...{ rope_type: 'llama3', factor: 8, low_freq_factor: 1, high_freq_factor: 4, original_max_position_embeddings: 8 },
}

async function folder(tied: boolean): Promise<Storage> {
  const model = new Llama({ ...size, ...rest, tied })
  const storage = memoryStorage()
  await saveModelFolder(storage, { model, weights: initialWeights(namedParameters(model), 1), tokenizer })
  return storage
}

async function changed(storage: Storage, changes: Readonly<Record<string, unknown>>): Promise<Storage> {
  const config = JSON.parse(await readText(storage, 'config.json'))
  await writeText(storage, 'config.json', JSON.stringify({ ...config, ...changes }))
  return storage
}

test.each([true, false])('what was saved is what is loaded, with tied embeddings: %s', async tied => {
  const storage = await folder(tied)
  const loaded = await loadModelFolder(storage)
  expect(loaded.model.configuration).toEqual({ ...size, ...rest, tied })
  expect(loaded.weights).toEqual(initialWeights(namedParameters(loaded.model), 1))
  const { tensors } = await openSafetensors(storage, 'model.safetensors')
  expect(tensors.has('lm_head.weight')).toBe(!tied)
  expect(tensors.get('model.layers.1.mlp.down_proj.weight')?.shape).toEqual([8, 12])
  expect(tensors.get('model.layers.0.self_attn.k_proj.weight')?.shape).toEqual([4, 8])
})

test('a rotation slowed for long texts, and heads of a size of their own', async () => {
  const slowed = { factor: 8, lowFrequencyFactor: 1, highFrequencyFactor: 4, context: 8 }
  const scalings: [unknown, RotaryScaling][] = [
    [llama3, { kind: 'llama3', ...slowed }],
    [
      { type: 'linear', factor: 2.5 },
      { kind: 'linear', factor: 2.5 },
    ],
  ]
  for (const [theirs, rotaryScaling] of scalings) {
    const old = await loadModelFolder(await changed(await folder(false), { rope_scaling: theirs }))
    expect(old.model.configuration).toEqual({ ...size, ...rest, tied: false, rotaryScaling })
    const saved = memoryStorage()
    await saveModelFolder(saved, old)
    expect((await loadModelFolder(saved)).model.configuration).toEqual(old.model.configuration)
    const parameters = { rope_theta: 77, ...(theirs as object) }
    const newer = { rope_theta: undefined, rope_scaling: undefined, rope_parameters: parameters }
    const { configuration } = (await loadModelFolder(await changed(saved, newer))).model
    expect(configuration).toEqual({ ...size, ...rest, tied: false, rotaryScaling, rotaryBase: 77 })
  }
  const model = new Llama({ ...size, ...rest, headSize: 6, tied: false })
  const storage = memoryStorage()
  await saveModelFolder(storage, { model, weights: initialWeights(namedParameters(model), 1), tokenizer })
  expect(JSON.parse(await readText(storage, 'config.json')).head_dim).toBe(6)
  expect((await loadModelFolder(storage)).model.configuration).toEqual(model.configuration)
})

test('configurations of transformers 5, and of Llama 1, which leave fields out', async () => {
  const absent = { rope_theta: undefined, rope_scaling: undefined, head_dim: undefined }
  const newer = await changed(await folder(false), {
    ...absent,
    rope_parameters: { rope_type: 'default', rope_theta: 77 },
  })
  expect((await loadModelFolder(newer)).model.configuration).toMatchObject({ rotaryBase: 77 })
  const weights = initialWeights(namedParameters(new Llama({ ...size, ...rest, keyValueHeads: 4, tied: false })), 1)
  const model = new Llama({ ...size, ...rest, keyValueHeads: 4, rotaryBase: 10_000, tied: false })
  const storage = memoryStorage()
  await saveModelFolder(storage, { model, weights, tokenizer })
  const older = await changed(storage, { ...absent, num_key_value_heads: undefined, tie_word_embeddings: undefined })
  expect((await loadModelFolder(older)).model.configuration).toEqual(model.configuration)
})

test.each([
  [{ rope_scaling: 'linear' }, 'field "rope_scaling", expected an object. Received "linear"'],
  [
    { rope_scaling: { type: 'dynamic', factor: 2 } },
    'in "rope_scaling", field "type", expected "default" or "linear" or "llama3". Received "dynamic"',
  ],
  [{ rope_scaling: { rope_type: 'linear' } }, 'field "factor", expected a number above 0. Received none'],
  [
    { rope_scaling: { ...llama3, original_max_position_embeddings: null } },
    '"original_max_position_embeddings", expected',
  ],
  [
    { rope_parameters: { ...llama3, high_freq_factor: 1 } },
    'in "rope_parameters", field "high_freq_factor", expected a number above "low_freq_factor" (1). Received 1',
  ],
  [{ rope_theta: -1 }, 'field "rope_theta", expected a number above 0. Received -1'],
  [{ hidden_act: 'gelu' }, 'field "hidden_act", expected "silu". Received "gelu"'],
  [{ sliding_window: 8 }, 'field "sliding_window", expected null. Received 8'],
  [{ model_type: 'qwen2', use_sliding_window: true }, 'field "use_sliding_window", expected false. Received true'],
  [{ model_type: 'qwen2' }, 'self_attn.q_proj.bias'],
  [{ model_type: 'qwen3', head_dim: undefined }, 'field "head_dim", expected a whole number above 0. Received none'],
  [{ attention_bias: true }, 'field "attention_bias", expected false. Received true'],
  [{ head_dim: 3 }, 'headSize, expected an even number, for channels are rotated in pairs. Received 3'],
  [{ head_dim: 4 }, 'self_attn.q_proj.weight'],
  [{ num_key_value_heads: 3 }, 'keyValueHeads, expected a divisor of heads (4). Received 3'],
  [{ intermediate_size: 16 }, 'mlp.gate_proj.weight'],
  [{ rms_norm_eps: 'small' }, 'field "rms_norm_eps", expected a number above 0. Received "small"'],
  [{ tie_word_embeddings: 'no' }, 'field "tie_word_embeddings", expected true or false. Received "no"'],
])('a configuration with %o is refused', async (changes, message) => {
  await expect(loadModelFolder(await changed(await folder(false), changes))).rejects.toThrow(message)
})
