import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { env } from 'node:process'
import { expect, test } from 'vitest'
import { compile, host } from '../compiler/compile.ts'
import { Transformer } from '../models/2017-transformer.ts'
import { initialWeights, namedParameters, parameterNames } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { memoryStorage } from '../storage/memory.ts'
import { nodeStorage } from '../storage/node.ts'
import { readText, writeText } from '../storage/storage.ts'
import { input } from '../tensor/tensor.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { openSafetensors, writeSafetensors } from './safetensors.ts'
import { loadTranslatorFolder, markerNames, markersOf, saveTranslatorFolder } from './translator-folder.ts'

async function tiny(bias = false) {
  const texts = ['ein mann geht.', 'a man walks.', '你好']
  const tokenizer = await trainByteLevelBPE(texts, { vocabularySize: 280, specialTokens: Object.values(markerNames) })
  const { padding } = markersOf(tokenizer)
  const size = { context: 12, channels: 8, layers: 2, heads: 2, hidden: 12, bias, padding }
  const model = new Transformer({ vocabulary: tokenizer.vocabularySize, ...size })
  const weights = initialWeights(namedParameters(model), 1)
  for (const values of weights.values()) for (const i of values.keys()) values[i] += Math.sin(i + values.length) / 20
  return { model, weights, tokenizer, lowerCase: true, scripts: ['Latin'] }
}

test.each([true, false])('what was saved is what is loaded, with biases: %s', async bias => {
  const saved = await tiny(bias)
  const storage = memoryStorage()
  await saveTranslatorFolder(storage, saved)
  const loaded = await loadTranslatorFolder(storage)
  expect(loaded.model.configuration).toEqual(saved.model.configuration)
  expect(loaded.weights).toEqual(saved.weights)
  expect(loaded).toMatchObject({ lowerCase: true, scripts: ['Latin'] })
  expect(loaded.tokenizer.decode(loaded.tokenizer.encode('你好, man'))).toBe('你好, man')
  expect(await storage.list()).toEqual([
    'config.json',
    'generation_config.json',
    'model.safetensors',
    'tokenizer.json',
    'tokenizer_config.json',
  ])
})

test('folders that are not what they should be', async () => {
  const storage = memoryStorage()
  await expect(loadTranslatorFolder(storage)).rejects.toThrow('config.json expected a file that exists')
  await saveTranslatorFolder(storage, await tiny())
  const config = JSON.parse(await readText(storage, 'config.json'))
  const changed = async (changes: object, message: string) => {
    await writeText(storage, 'config.json', JSON.stringify({ ...config, ...changes }))
    await expect(loadTranslatorFolder(storage)).rejects.toThrow(message)
  }
  await changed({ model_type: 'bert' }, 'expected a model_type of a translator: marian')
  await changed({ activation_function: 'swish' }, 'field "activation_function", expected "relu". Received "swish"')
  await changed({ decoder_layers: 3 }, 'field "decoder_layers", expected 2. Received 3')
  await changed(
    { encoder_attention_heads: 3, decoder_attention_heads: 3 },
    'channels, expected a multiple of heads (3)',
  )
  await changed({ vocab_size: 100, decoder_vocab_size: 100 }, 'expected at most 100 tokens')
  await writeText(storage, 'config.json', '[')
  await expect(loadTranslatorFolder(storage)).rejects.toThrow('config.json expected a JSON object. Received [')
  await writeText(storage, 'config.json', JSON.stringify(config))
  const file = await openSafetensors(storage, 'model.safetensors')
  const tensors = await Promise.all(
    [...file.tensors.values()].map(async ({ name, dtype, shape }) => ({
      name,
      dtype,
      shape,
      data: await file.read(name),
    })),
  )
  for (const tensor of tensors) if (tensor.name === 'final_logits_bias') (tensor.data as Float32Array)[3] = 1
  await writeSafetensors(storage, 'model.safetensors', tensors)
  await expect(loadTranslatorFolder(storage)).rejects.toThrow('final_logits_bias, expected the values that follow')
})

const python = env.NACRE_PYTHON
test.skipIf(!python)(
  'transformers computes the same logits (skipped: set NACRE_PYTHON)',
  async () => {
    for (const bias of [true, false]) {
      const saved = await tiny(bias)
      const { model, weights, tokenizer } = saved
      const { begin, end, padding } = markersOf(tokenizer)
      const folder = mkdtempSync(join(tmpdir(), 'nacre-marian-'))
      try {
        await saveTranslatorFolder(nodeStorage(folder), saved)
        const words = [...tokenizer.encode('ein mann')]
        const source = [
          [...words, end],
          [words[0], end, ...Array<number>(words.length - 1).fill(padding)],
        ]
        const target = [
          [begin, 7, 9, 30],
          [begin, 8, padding, padding],
        ]
        const logits = model.logits(input('source', [2, source[0].length], 'int64'), input('target', [2, 4], 'int64'))
        const parameters = namedParameters(model)
        const program = await compile(nodeRuntime(), { logits }, { parameterNames: parameterNames(parameters) })
        const ids = (rows: number[][]) =>
          host(
            'int64',
            [rows.length, rows[0].length],
            BigInt64Array.from(rows.flat(), value => BigInt(value)),
          )
        const given = [...parameters].map(([name, { shape }]) => [name, host('float32', shape, weights.get(name)!)])
        const result = await program.run({ source: ids(source), target: ids(target), ...Object.fromEntries(given) })
        const values = [...((result.logits as HostTensor).data as Float32Array)]
        const vocabulary = model.vocabulary
        const rows = [0, 1].map(b =>
          [0, 1, 2, 3].map(t => values.slice((4 * b + t) * vocabulary, (4 * b + t + 1) * vocabulary)),
        )
        const file = join(folder, 'ours.json')
        writeFileSync(file, JSON.stringify({ source, target, logits: rows }))
        const script = resolve(import.meta.dirname, '../../scripts/check-translator.py')
        const { stdout, stderr, status } = spawnSync(python!, [script, folder, file], { encoding: 'utf8' })
        expect(stderr.includes('Traceback') ? stderr : '').toBe('')
        expect(JSON.parse(stdout)).toMatchObject({ problems: [], decoded: 'ein mann' })
        expect(status, stdout).toBe(0)
      } finally {
        rmSync(folder, { recursive: true })
      }
    }
  },
  120_000,
)
