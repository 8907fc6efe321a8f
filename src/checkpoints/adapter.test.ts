import { beforeAll, expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { integerRows, numbersOf } from '../../test/engine/golden-model.ts'
import { goldenValues, readGolden, type ValueSpecification } from '../../test/engine/golden-values.ts'
import { compile, host } from '../compiler/compile.ts'
import { BertClassifier } from '../models/bert-tasks.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { memoryStorage } from '../storage/memory.ts'
import type { Storage } from '../storage/storage.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { adaptedStorage } from './adapted-storage.ts'
import { loadBertClassifierFolder } from './bert-task-folder.ts'
import { loadModelFolder } from './model-folder.ts'
import { openSafetensors, writeSafetensors } from './safetensors.ts'

interface Case {
  readonly config: Record<string, unknown>
  readonly base: Record<string, ValueSpecification>
  readonly adapter: Record<string, ValueSpecification>
  readonly ids: number[][]
  readonly plain: number
  readonly logits: number[][] | number[][][]
}
const { cases } = readGolden<{ readonly cases: Record<string, Case> }>('adapters.json')

const configurations: Record<string, object> = {
  gpt2: { model_type: 'gpt2', vocab_size: 61, n_positions: 16, n_embd: 32, n_layer: 2, n_head: 2 },
  llama: {
    ...{ model_type: 'llama', vocab_size: 61, max_position_embeddings: 24, hidden_size: 32, intermediate_size: 40 },
    ...{ num_hidden_layers: 2, num_attention_heads: 4, num_key_value_heads: 2, rms_norm_eps: 1e-5, rope_theta: 100 },
  },
  gpt: { model_type: 'openai-gpt', vocab_size: 53, n_positions: 14, n_embd: 24, n_layer: 2, n_head: 3 },
  bert: {
    ...{ architectures: ['BertForMaskedLM'], model_type: 'bert', vocab_size: 61, hidden_size: 32 },
    ...{ num_hidden_layers: 2, num_attention_heads: 2, intermediate_size: 48, max_position_embeddings: 20 },
  },
}
const runtime = nodeRuntime({ threads: 1 })
let tokenizer: object
beforeAll(async () => {
  tokenizer = (await trainCharacters(['abc'])).toJSON()
})

const json = (value: object): string => JSON.stringify(value)
async function withTensors(storage: Storage, file: string, tensors: Case['base'], metadata?: Record<string, string>) {
  const stored = Object.entries(tensors).map(([name, values]) => {
    return { name, dtype: 'F32', shape: values.shape, data: goldenValues(name, values) } as const
  })
  await writeSafetensors(storage, file, stored, metadata)
  return storage
}
function baseOf(name: string, { omit = /^$/ } = {}): Promise<Storage> {
  const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a'].join('\n')
  const [file, text] = name === 'bert' ? ['vocab.txt', vocabulary] : ['tokenizer.json', json(tokenizer)]
  const storage = memoryStorage({ [file]: text, 'config.json': json(configurations[name]) })
  const kept = Object.entries(cases[name].base).filter(([tensor]) => !omit.test(tensor))
  return withTensors(storage, 'model.safetensors', Object.fromEntries(kept))
}
const adapterOf = (name: string, config: object = {}, metadata?: Record<string, string>): Promise<Storage> =>
  withTensors(
    memoryStorage({ 'adapter_config.json': json({ ...cases[name].config, ...config }) }),
    'adapter_model.safetensors',
    cases[name].adapter,
    metadata,
  )

async function logitsOf(
  model: object,
  weights: ReadonlyMap<string, Float32Array>,
  logits: Tensor,
  feeds: Record<string, ReturnType<typeof integerRows>>,
): Promise<Float32Array> {
  const program = await compile(runtime, { logits }, { parameterNames: parameterNames(namedParameters(model)) })
  const result = await program.run({ ...weightFeeds(model, weights), ...feeds })
  const numbers = numbersOf(result.logits).slice()
  await program.release()
  return numbers
}

test.each(['gpt2', 'llama', 'gpt'])('an adapter of PEFT on %s: its logits are those of PEFT', async name => {
  const feeds = { ids: integerRows(cases[name].ids) }
  const of = async (storage: Storage) => {
    const { model, weights } = await loadModelFolder(storage)
    return logitsOf(model, weights, model.logits(input('ids', feeds.ids.shape, 'int64')), feeds)
  }
  const base = await baseOf(name)
  expect((await of(base))[0]).toBeCloseTo(cases[name].plain, 4)
  const logits = await of(await adaptedStorage(await adapterOf(name), base))
  expectClose('logits', logits, cases[name].logits.flat(2), { absolute: 1e-4 })
})

test('an adapter of PEFT on BERT brings the classifier, whose classes are counted', async () => {
  const storage = await adaptedStorage(await adapterOf('bert'), await baseOf('bert', { omit: /^classifier/ }))
  const { model, weights, labels } = await loadBertClassifierFolder(storage)
  expect(labels).toEqual(['LABEL_0', 'LABEL_1', 'LABEL_2'])
  const ids = integerRows(cases.bert.ids)
  const [rows, tokens] = ids.shape
  const lengths = host('int64', [rows], new BigInt64Array(rows).fill(BigInt(tokens)))
  const single = new BertClassifier(model.bert, { classes: 3, separator: -1 }) // all of it is one segment, as there
  const logits = single.logits(input('ids', ids.shape, 'int64'), input('lengths', [rows], 'int64'))
  const own = new Map([...weights])
  expectClose('logits', await logitsOf(single, own, logits, { ids, lengths }), cases.bert.logits.flat(2), {
    absolute: 1e-4,
  })
})

test('the folder that both make is read like any other, and not written', async () => {
  const storage = await adaptedStorage(await adapterOf('gpt2'), await baseOf('gpt2'))
  expect(await storage.list()).toEqual(['config.json', 'model.safetensors', 'tokenizer.json'])
  const whole = await storage.read('model.safetensors')
  const copy = memoryStorage({ 'model.safetensors': whole })
  const [file, other] = [
    await openSafetensors(storage, 'model.safetensors'),
    await openSafetensors(copy, 'model.safetensors'),
  ]
  for (const name of file.tensors.keys()) expect(await file.read(name)).toEqual(await other.read(name))
  expect(await storage.readRange('model.safetensors', 900, 1000)).toEqual(whole.slice(900, 1900))
  await expect(storage.readRange('model.safetensors', whole.length, 1)).rejects.toThrow('expected 1 bytes')
  await expect(storage.remove('config.json')).rejects.toThrow('to be read only')
})

test('base models leave out the first part of the names', async () => {
  const [short, adapter] = [memoryStorage(), await adapterOf('gpt2')]
  const base = await baseOf('gpt2')
  for (const name of ['config.json', 'tokenizer.json']) await short.write(name, [await base.read(name)])
  const file = await openSafetensors(base, 'model.safetensors')
  const tensors = [...file.tensors.values()].map(({ name, dtype, shape }) => {
    return { name: name.replace('transformer.', ''), dtype, shape, data: () => file.read(name) }
  })
  await writeSafetensors(short, 'model.safetensors', tensors)
  const [ours, theirs] = await Promise.all(
    [short, base].map(async storage => loadModelFolder(await adaptedStorage(adapter, storage))),
  )
  expect(ours.weights).toEqual(theirs.weights)
})

test.each([
  ['a layer that the base lacks', 'gpt', 'gpt2', {}, 'a base with the layer'],
  ['a base of another size', 'gpt2', 'llama', {}, 'a base with the layer "transformer.h.0'],
  ['another method', 'gpt2', 'gpt2', { peft_type: 'LOHA' }, 'field "peft_type", expected "LORA". Received "LOHA"'],
  ['DoRA', 'gpt2', 'gpt2', { use_dora: true }, 'field "use_dora", expected false or null. Received true'],
] as const)('refused: %s', async (_, adapter, base, config, message) => {
  const bases: Promise<Storage> = adapter === 'gpt' ? baseOf('gpt2', { omit: /h\.1/ }) : baseOf(base)
  await expect(adaptedStorage(await adapterOf(adapter, config), await bases)).rejects.toThrow(message)
})

test('refused: shapes of another base, and weights of another by their hash', async () => {
  const wider = adaptedStorage(await adapterOf('gpt'), await baseOf('gpt2'))
  await expect(wider).rejects.toThrow(
    'Layer "transformer.h.1.attn.c_attn" expected a matrix of 24 inputs and 72 outputs, as the adapter has it. Received [32, 96] in the base.',
  )
  const known = await adapterOf('gpt2', {}, { format: 'pt', nacre_base: 'something else' })
  await expect(adaptedStorage(known, await baseOf('gpt2'))).rejects.toThrow('expected the base that it was learned on')
})

test('refused: an adapter on an embedding that the head of a language model shares', async () => {
  const half = (letter: string, shape: readonly number[]) => [
    `base_model.model.transformer.wte.lora_embedding_${letter}`,
    { shape, offset: 0, scale: 1 },
  ]
  const tensors = Object.fromEntries([half('A', [3, 61]), half('B', [32, 3])])
  const alone = memoryStorage({ 'adapter_config.json': json(cases.gpt2.config) })
  const adapter = await withTensors(alone, 'adapter_model.safetensors', tensors)
  await expect(adaptedStorage(adapter, await baseOf('gpt2'))).rejects.toThrow(
    'no adapter on an embedding that the head of the base shares',
  )
})

test('refused: a folder that lacks a file, half of a pair', async () => {
  const { adapter } = cases.gpt
  const alone = memoryStorage({ 'adapter_config.json': json(cases.gpt.config) })
  await expect(adaptedStorage(alone, await baseOf('gpt'))).rejects.toThrow('adapter_model.safetensors expected a file')
  const half = Object.fromEntries(Object.entries(adapter).filter(([name]) => name.includes('lora_A')))
  const broken = await withTensors(alone, 'adapter_model.safetensors', half)
  await expect(adaptedStorage(broken, await baseOf('gpt'))).rejects.toThrow(
    'a pair of lora_A and lora_B for each layer',
  )
})
