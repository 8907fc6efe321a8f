import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { env } from 'node:process'
import { expect, test } from 'vitest'
import { tinyRecurrentModel } from '../../test/tiny-language-model.ts'
import { compile, host } from '../compiler/compile.ts'
import { GPT2 } from '../models/2019-gpt2.ts'
import { initialWeights, namedParameters, parameterNames } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { memoryStorage } from '../storage/memory.ts'
import { nodeStorage } from '../storage/node.ts'
import { readText, type Storage, writeText } from '../storage/storage.ts'
import { input } from '../tensor/tensor.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { loadModelFolder, type SavedModel, saveModelFolder } from './model-folder.ts'
import { openSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts'

const text = '话说天下大势，分久必合，合久必分。\nTo be, or not to be.'

async function tinyModel({
  bias = true,
  tokenizer,
}: {
  bias?: boolean
  tokenizer?: Tokenizer
} = {}): Promise<SavedModel> {
  const own = tokenizer ?? (await trainCharacters([text]))
  const model = new GPT2({ vocabulary: own.vocabularySize, context: 16, channels: 8, layers: 2, heads: 2, bias })
  const weights = initialWeights(namedParameters(model), 1)
  for (const values of weights.values()) for (const i of values.keys()) values[i] += Math.sin(i + values.length) / 20
  return { model, weights, tokenizer: own }
}

async function savedFolder(saved: SavedModel, storage: Storage = memoryStorage()): Promise<Storage> {
  await saveModelFolder(storage, saved)
  return storage
}

async function changeConfig(storage: Storage, changes: Readonly<Record<string, unknown>>): Promise<Storage> {
  const config = JSON.parse(await readText(storage, 'config.json'))
  await writeText(storage, 'config.json', JSON.stringify({ ...config, ...changes }))
  return storage
}

/** Rewrites the tensors of a folder. */
async function changeTensors(storage: Storage, change: (tensors: StoredTensor[]) => StoredTensor[]): Promise<Storage> {
  const file = await openSafetensors(storage, 'model.safetensors')
  const tensors: StoredTensor[] = []
  for (const { name, dtype, shape } of file.tensors.values())
    tensors.push({ name, dtype, shape, data: await file.read(name) })
  await writeSafetensors(storage, 'model.safetensors', change(tensors))
  return storage
}

test.each([true, false])('what was saved is what is loaded, with biases: %s', async bias => {
  const saved = await tinyModel({ bias })
  const storage = await savedFolder(saved)
  const loaded = await loadModelFolder(storage)
  expect(loaded.weights).toEqual(saved.weights)
  expect(loaded.model.configuration).toEqual(saved.model.configuration)
  expect([...loaded.tokenizer.encode(text)]).toEqual([...saved.tokenizer.encode(text)])
  expect(await storage.list()).toEqual([
    'config.json',
    'generation_config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ])
})

test.each(['rnn', 'lstm', 'gru'] as const)('a recurrent model too, with the tensors of torch: %s', async kind => {
  const tokenizer = await trainCharacters([text])
  const loaded = tinyRecurrentModel(kind, { vocabulary: tokenizer.vocabularySize, context: 16 })
  const saved = { model: loaded.model, weights: loaded.weights, tokenizer }
  const storage = await savedFolder(saved)
  const again = await loadModelFolder(storage)
  expect(again.model).toBeInstanceOf(loaded.model.constructor)
  expect(again.model.configuration).toEqual(saved.model.configuration)
  expect(again.weights).toEqual(saved.weights)
  const { tensors } = await openSafetensors(storage, 'model.safetensors')
  const blocks = { rnn: 1, lstm: 4, gru: 3 }[kind]
  expect(tensors.get('layers.weight_ih_l0')?.shape).toEqual([12 * blocks, 8])
  expect(tensors.get('layers.weight_hh_l1')?.shape).toEqual([12 * blocks, 12])
  expect(JSON.parse(await readText(storage, 'tokenizer_config.json')).model_max_length).toBeUndefined()
})

test('a model without biases is stored with zeros, which transformers needs', async () => {
  const storage = await savedFolder(await tinyModel({ bias: false }))
  const file = await openSafetensors(storage, 'model.safetensors')
  const biases = [...file.tensors.keys()].filter(name => name.endsWith('.bias'))
  expect(biases).toHaveLength(2 * 6 + 1)
  for (const name of biases) expect(new Set(await file.readFloat32(name))).toEqual(new Set([0]))
})

test('a folder that decodes greedily does so with its penalty', async () => {
  const generation = { temperature: 0, repetitionPenalty: 1.3 }
  const storage = await savedFolder({ ...(await tinyModel()), generation })
  expect((await loadModelFolder(storage)).generation).toEqual(generation)
  const theirs = { do_sample: false, temperature: 0.6, top_p: 0.9, repetition_penalty: 1.1 } // as transformers reads it
  await writeText(storage, 'generation_config.json', JSON.stringify(theirs))
  expect((await loadModelFolder(storage)).generation).toMatchObject({ temperature: 0, repetitionPenalty: 1.1 })
})

test('settings of the generation go along', async () => {
  const generation = { temperature: 0.7, topK: 40, repetitionPenalty: 1.1 }
  const storage = await savedFolder({ ...(await tinyModel()), generation })
  expect(JSON.parse(await readText(storage, 'generation_config.json'))).toMatchObject({ temperature: 0.7, top_k: 40 })
  expect((await loadModelFolder(storage)).generation).toEqual(generation)
  await storage.remove('generation_config.json')
  expect((await loadModelFolder(storage)).generation).toBeUndefined()
})

test('names without "transformer.", tied heads and mask buffers of older folders are understood', async () => {
  const saved = await tinyModel()
  const storage = await changeTensors(await savedFolder(saved), tensors => [
    ...tensors.map(tensor => ({ ...tensor, name: tensor.name.replace('transformer.', '') })),
    { name: 'lm_head.weight', dtype: 'F32', shape: [1], data: new Float32Array(1) },
    { name: 'h.0.attn.bias', dtype: 'BOOL', shape: [1], data: new Uint8Array(1) },
    { name: 'h.0.attn.masked_bias', dtype: 'F32', shape: [], data: new Float32Array(1) },
  ])
  expect((await loadModelFolder(storage)).weights).toEqual(saved.weights)
})

test.each([
  [
    { model_type: 'mamba' },
    /^memory:config\.json expected a model_type that Nacre knows: rnn, lstm, .*, gpt2\b.*\. Received "mamba"\./,
  ],
  [{ model_type: undefined }, 'field "model_type", expected a text. Received none.'],
  [{ n_embd: undefined }, 'field "n_embd", expected a whole number above 0. Received none.'],
  [{ n_layer: '4' }, 'field "n_layer", expected a whole number above 0. Received "4".'],
  [{ n_head: 3 }, 'memory:config.json, channels, expected a multiple of heads (3). Received 8.'],
  [
    { activation_function: 'relu' },
    'field "activation_function", expected "gelu_new" or "gelu_pytorch_tanh". Received "relu".',
  ],
  [{ layer_norm_epsilon: 1e-6 }, 'field "layer_norm_epsilon", expected 0.00001. Received 0.000001.'],
  [{ n_inner: 99 }, 'field "n_inner", expected null or 32. Received 99.'],
  [{ tie_word_embeddings: false }, 'field "tie_word_embeddings", expected true. Received false.'],
  [{ vocab_size: 5 }, "memory:tokenizer.json expected at most 5 tokens, the rows of the model's embedding. Received"],
  [{ n_positions: 32 }, 'Tensor "transformer.wpe.weight" of memory:model.safetensors expected'],
])('a configuration with %o is refused', async (changes, message) => {
  const storage = await changeConfig(await savedFolder(await tinyModel()), changes)
  await expect(loadModelFolder(storage)).rejects.toThrow(message)
  await expect(loadModelFolder(storage)).rejects.toMatchObject({ name: 'CheckpointError' })
})

test('a tensor that is missing is named', async () => {
  const storage = await changeTensors(await savedFolder(await tinyModel()), tensors =>
    tensors.filter(({ name }) => name !== 'transformer.h.1.mlp.c_fc.weight'),
  )
  await expect(loadModelFolder(storage)).rejects.toThrow('h.1.mlp.c_fc.weight')
  await expect(loadModelFolder(storage)).rejects.toMatchObject({ name: 'CheckpointError' })
})

test('a file that is missing or is not JSON is named', async () => {
  for (const name of ['config.json', 'tokenizer.json', 'model.safetensors']) {
    const storage = await savedFolder(await tinyModel())
    await storage.remove(name)
    const message = `memory:${name} expected a file that exists. Received none. Is it the folder of a trained model?`
    await expect(loadModelFolder(storage)).rejects.toThrow(message)
  }
  const storage = await savedFolder(await tinyModel())
  await writeText(storage, 'config.json', '{"model_type": ')
  await expect(loadModelFolder(storage)).rejects.toThrow(
    'memory:config.json expected a JSON object. Received {"model_type": ',
  )
})

test('weights that are cut short or begin with something else are named', async () => {
  const storage = await savedFolder(await tinyModel())
  const bytes = await storage.read('model.safetensors')
  const load = async (changed: Uint8Array) => {
    await storage.write('model.safetensors', [changed])
    return loadModelFolder(storage)
  }
  const location = 'memory:model.safetensors expected'
  await expect(load(bytes.subarray(0, -1))).rejects.toThrow(/^Tensor ".*" of memory:model\.safetensors .* cut short/)
  await expect(load(bytes.subarray(0, 100))).rejects.toThrow(`${location} a header of`)
  await expect(load(bytes.fill(0x20, 8, 9))).rejects.toThrow(`${location} a header in JSON`)
  await expect(load(bytes.fill(0xff, 0, 8))).rejects.toThrow(`${location} a header of at most`)
  await expect(load(bytes)).rejects.toMatchObject({ name: 'CheckpointError' })
})

test('killed between any two files, a folder is that of the old model, of the new one, or says that it is none', async () => {
  const [old, next] = [await tinyModel(), await tinyModel({ tokenizer: await trainCharacters(['another text']) })]
  let writings = 0
  for (; ; writings++) {
    const storage = await savedFolder(old)
    let left = writings
    const write = storage.write.bind(storage)
    storage.write = async (name, chunks) => {
      if (left-- === 0) throw new Error('killed')
      await write(name, chunks)
    }
    const outcome = await saveModelFolder(storage, next).then(
      () => 'saved',
      () => 'killed',
    )
    storage.write = write
    if (outcome === 'saved') break
    await expect(loadModelFolder(storage)).rejects.toThrow('memory:model.safetensors expected a file that exists')
    await saveModelFolder(storage, next)
    expect((await loadModelFolder(storage)).weights).toEqual(next.weights)
  }
  expect(writings).toBe(3) // config.json, tokenizer.json, model.safetensors: the others are the same
})

test('new weights of the same model replace one file', async () => {
  const saved = await tinyModel()
  const storage = await savedFolder(saved)
  const written: string[] = []
  const write = storage.write.bind(storage)
  storage.write = async (name, chunks) => {
    written.push(name)
    await write(name, chunks)
  }
  await saveModelFolder(storage, saved)
  expect(written).toEqual(['model.safetensors'])
})

test.for([
  ['characters', true],
  ['characters', false],
  ['byte-level BPE', true],
] as const)('transformers computes the same logits: %s, biases: %s', async ([kind, bias], context) => {
  const python = env.NACRE_PYTHON
  context.skip(python === undefined, 'needs a Python with transformers: $NACRE_PYTHON')
  const bpe = () => trainByteLevelBPE([text], { vocabularySize: 300, specialTokens: ['<|endoftext|>'] })
  const saved = await tinyModel({ bias, tokenizer: kind === 'characters' ? undefined : await bpe() })
  const folder = mkdtempSync(join(tmpdir(), 'nacre-folder-'))
  try {
    const { model, weights, tokenizer } = await loadModelFolder(await savedFolder(saved, nodeStorage(folder)))
    const sample = text.slice(0, 5)
    const ids = [...tokenizer.encode(sample)]
    const parameters = namedParameters(model)
    const logits = model.logits(input('ids', [1, ids.length], 'int64'))
    const program = await compile(nodeRuntime(), { logits }, { parameterNames: parameterNames(parameters) })
    const feeds = [...parameters].map(
      ([name, { shape }]) => [name, host('float32', shape, weights.get(name)!)] as const,
    )
    const given = { ids: host('int64', [1, ids.length], BigInt64Array.from(ids, BigInt)) }
    const results = await program.run({ ...Object.fromEntries(feeds), ...given })
    const flat = Array.from((results.logits as HostTensor).data, Number)
    const rows = ids.map((_, i) => flat.slice(i * model.vocabulary, (i + 1) * model.vocabulary))
    const ours = { text: tokenizer.decode(ids), ids, logits: rows }
    writeFileSync(join(folder, 'ours.json'), JSON.stringify(ours))
    const script = resolve(import.meta.dirname, '../../scripts/check-transformers.py')
    const words = [script, folder, '--ours', join(folder, 'ours.json')]
    const { status, stdout, stderr } = spawnSync(python!, words, { encoding: 'utf8' })
    expect(status === 0 ? 'equal' : `${stdout}${stderr}`).toBe('equal')
  } finally {
    rmSync(folder, { recursive: true })
  }
})
