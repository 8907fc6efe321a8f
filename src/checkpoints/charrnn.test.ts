import { join } from 'node:path'
import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { readGolden } from '../../test/engine/golden-values.ts'
import { scoreTokens } from '../evaluation/score.ts'
import { cachedPredictor } from '../generation/predictor.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { memoryStorage } from '../storage/memory.ts'
import { nodeStorage } from '../storage/node.ts'
import { type Storage, writeText } from '../storage/storage.ts'
import { readCharRNN } from './charrnn.ts'
import { loadModelFolder, saveModelFolder } from './model-folder.ts'

interface Golden {
  readonly text: string
  readonly ids: number[]
  readonly nats: number
  readonly logits: Readonly<Record<string, number[]>>
}

const mirror = process.env.NACRE_DATA_MIRROR
const folder = join(mirror ?? '', 'weights/ml5_charrnn/shakespeare')
const runtime = nodeRuntime({ threads: 1 })

test.skipIf(mirror === undefined)('the pretrained charRNN answers as the reference does', async () => {
  const golden = readGolden<Golden>('charrnn.json')
  const saved = await readCharRNN(nodeStorage(folder))
  expect([...saved.tokenizer.encode(golden.text)]).toEqual(golden.ids)
  expect(saved.tokenizer.decode(golden.ids)).toBe(golden.text)
  const predictor = cachedPredictor({ ...saved, runtime })
  for (const [position, logits] of Object.entries(golden.logits)) {
    const actual = await predictor.next(golden.ids.slice(0, Number(position) + 1))
    expectClose(`logits after ${position}`, actual, logits, { absolute: 2e-5, relative: 2e-5 })
  }
  await predictor.release()

  // Saved and loaded it is the same model.
  const storage = memoryStorage()
  await saveModelFolder(storage, saved)
  const loaded = await loadModelFolder(storage)
  expect(loaded.weights).toEqual(saved.weights)
  const scores = await scoreTokens({ ...loaded, runtime }, loaded.tokenizer.encode(golden.text))
  expect(-scores.reduce((sum, score) => sum + score, 0) / scores.length).toBeCloseTo(golden.nats, 5)
})

/** One layer of one unit over two characters. */
async function tinyFiles(): Promise<Storage> {
  const storage = memoryStorage()
  const cell = 'rnnlm/multi_rnn_cell/cell_0/basic_lstm_cell'
  const shapes = {
    ...{ embedding: [2, 1], [`${cell}/weights`]: [2, 4], [`${cell}/biases`]: [4] },
    ...{ 'rnnlm/softmax_w': [1, 2], 'rnnlm/softmax_b': [2] },
  }
  const manifest: Record<string, unknown> = {}
  for (const [name, shape] of Object.entries(shapes)) {
    const filename = name.replaceAll('/', '_')
    manifest[name] = { filename, shape }
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i)
    await storage.write(filename, [new Uint8Array(values.buffer)])
  }
  await writeText(storage, 'manifest.json', JSON.stringify(manifest))
  await writeText(storage, 'vocab.json', '{"  ": 0, "a": 1}')
  return storage
}

test('gates change their places, and the forget gate takes the bias that the cell adds', async () => {
  const { weights, tokenizer } = await readCharRNN(await tinyFiles())
  expect(weights.get('layers.0.input')).toEqual(Float32Array.of(0, 2, 3, 1))
  expect(weights.get('layers.0.recurrent')).toEqual(Float32Array.of(4, 6, 7, 5))
  expect(weights.get('layers.0.bias')).toEqual(Float32Array.of(0, 3, 3, 1))
  expect([...tokenizer.encode('ua')]).toEqual([0, 1])
})

test.each([
  ['vocab.json', '{"ab": 0, "c": 1}', 'memory:vocab.json, "ab", expected a single character. Received 2 of them.'],
  ['vocab.json', '{"a": 0, "c": 2}', 'memory:vocab.json, "c", expected an id below the number of characters.'],
  ['vocab.json', '{"a": 0, "c": 0}', 'memory:vocab.json expected ids that differ.'],
  ['vocab.json', '[', 'memory:vocab.json expected a JSON object. Received [.'],
  ['vocab.json', '{"a": 0, "b": 1, "c": 2}', '"embedding", expected [3, 1]. Received [2, 1].'],
  ['manifest.json', '{}', 'memory:manifest.json, "embedding", expected a matrix. Received "none".'],
  ['rnnlm_softmax_b', 'abc', 'memory:rnnlm_softmax_b expected 8 bytes. Received 3.'],
])('%s with %s is refused', async (file, content, message) => {
  const storage = await tinyFiles()
  await writeText(storage, file, content)
  await expect(readCharRNN(storage)).rejects.toThrow(message)
})
