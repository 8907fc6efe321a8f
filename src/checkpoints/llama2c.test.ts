import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { env } from 'node:process'
import { describe, expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { readGolden } from '../../test/engine/golden-values.ts'
import { generate, length } from '../generation/generate.ts'
import { cachedPredictor } from '../generation/predictor.ts'
import { temperature } from '../generation/sampling.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { webRuntime } from '../runtime/web.ts'
import { memoryStorage } from '../storage/memory.ts'
import { promptIds } from '../tokenizers/tokenizer.ts'
import { readLlama2c } from './llama2c.ts'
import { loadModelFolder, saveModelFolder } from './model-folder.ts'

const folder = join(env.NACRE_DATA_MIRROR ?? '', 'weights/stories260K')
const isThere = env.NACRE_DATA_MIRROR !== undefined && existsSync(folder)
const golden = readGolden<{
  readonly logits: number[]
  readonly stories: { readonly prompt: string; readonly ids: number[]; readonly tokens: number[] }[]
}>('stories260k.json')

/** A checkpoint of two channels and one layer, and its tokenizer of four pieces. */
const tiny = { channels: 2, hidden: 3, layers: 1, heads: 1, keyValueHeads: 1, vocabulary: 4, context: 5 }
function checkpoint(changes: Partial<typeof tiny> = {}, { extra = 0 } = {}): Uint8Array {
  const { channels, hidden, layers, heads, keyValueHeads, vocabulary, context } = { ...tiny, ...changes }
  const count = 4 * 2 + 2 + 4 * 4 + 2 + 3 * 6 + 2 + 2 * 5
  const bytes = new Uint8Array(28 + 4 * (count + extra))
  new Int32Array(bytes.buffer, 0, 7).set([channels, hidden, layers, heads, keyValueHeads, vocabulary, context])
  new Float32Array(bytes.buffer, 28).forEach((_, i, all) => {
    all[i] = i
  })
  return bytes
}
function pieces(texts: readonly string[], longest = 8): Uint8Array {
  const chunks = texts.map((text, i) => {
    const own = new TextEncoder().encode(text)
    const bytes = new Uint8Array(8 + own.length)
    const view = new DataView(bytes.buffer)
    view.setFloat32(0, -i, true)
    view.setInt32(4, own.length, true)
    bytes.set(own, 8)
    return bytes
  })
  return Uint8Array.from([longest, 0, 0, 0, ...chunks.flatMap(chunk => [...chunk])])
}
const read = (bytes: Uint8Array, tokenizer = pieces(['<unk>', '\n<s>\n', '\n</s>\n', 'a'])) =>
  readLlama2c({ name: 'tiny.bin', bytes }, { name: 'tok.bin', bytes: tokenizer })

test('weights are where they belong; neighbouring channels become halves', async () => {
  const { model, weights, tokenizer } = await read(checkpoint({}, { extra: 0 }))
  expect(model.configuration).toMatchObject({ ...tiny, tied: true, epsilon: 1e-5, rotaryBase: 10_000 })
  expect([...weights.get('embedding.weight')!]).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  expect([...weights.get('blocks.0.attentionNormalization.weight')!]).toEqual([8, 9])
  // [outputs, inputs] there, [inputs, outputs] here; a head of two channels is one pair, whose order stays.
  expect([...weights.get('blocks.0.attention.query.weight')!]).toEqual([10, 12, 11, 13])
  expect([...weights.get('blocks.0.feedForward.contract.weight')!]).toEqual([34, 37, 35, 38, 36, 39])
  expect([...tokenizer.specialTokens]).toEqual([
    ['<unk>', 0],
    ['<s>', 1],
    ['</s>', 2],
  ])
  expect([tokenizer.beginOfText, tokenizer.endOfText]).toEqual([1, 2])
})

test.each([
  [new Uint8Array(8), 'tiny.bin expected a llama2.c checkpoint, at least 28 bytes. Received 8'],
  [
    Uint8Array.from([...new TextEncoder().encode('24ka'), 1, 0, 0, 0, ...new Uint8Array(20)]),
    'tiny.bin expected version 0 of the format. Received version 1',
  ],
  [
    new Uint8Array(400),
    'tiny.bin expected seven sizes above 0: channels, hidden, layers, heads, .... Received 0, 0, 0',
  ],
  [checkpoint().slice(0, -4), 'tiny.bin expected 260 bytes, by its sizes. Received 256. Was it cut short?'],
  [checkpoint({}, { extra: 3 }), 'tiny.bin expected 260 bytes, by its sizes. Received 272'],
  [checkpoint({ vocabulary: -4 }), 'tiny.bin expected 292 bytes, by its sizes. Received 260'],
  [checkpoint({ heads: 3 }), 'tiny.bin expected channels that heads share'],
  [
    checkpoint({ heads: 2, keyValueHeads: 2 }, { extra: -5 }),
    'tiny.bin, channels, expected an even number of channels in each head',
  ],
])('a checkpoint that is none is refused (%#)', async (bytes, message) => {
  await expect(read(bytes)).rejects.toThrow(message)
})

test.each([
  [new Uint8Array(2), 'tok.bin expected the length of the longest piece, 1 to 4,096. Received 0'],
  [pieces(['<unk>', '<s>', '</s>']), 'tok.bin expected 4 pieces, as the model has. Received 3'],
  [pieces(['<unk>', '<s>', '</s>', 'a']).slice(0, -1), 'tok.bin expected piece 3 with its score and at most 8 bytes'],
  [pieces(['<unk>', '<s>', '</s>', 'much too long']), 'tok.bin expected piece 3 with its score and at most 8 bytes'],
  [pieces(['<unk>', '<s>', '</s>', '</s>']), 'tok.bin expected pieces that differ. Received 1 twice'],
])('a tokenizer that is none is refused (%#)', async (tokenizer, message) => {
  await expect(read(checkpoint(), tokenizer)).rejects.toThrow(message)
})

describe.skipIf(!isThere)('stories260K [needs $NACRE_DATA_MIRROR]', () => {
  const bytesOf = (name: string) => ({ name, bytes: readFileSync(join(folder, name)) })

  test('its stories at temperature 0 are those of transformers, to the token; from a folder too', async () => {
    const storage = memoryStorage()
    await saveModelFolder(storage, await readLlama2c(bytesOf('stories260K.bin'), bytesOf('tok512.bin')))
    const saved = await loadModelFolder(storage)
    const { tokenizer } = saved
    const predictor = cachedPredictor({ ...saved, runtime: nodeRuntime({ threads: 1 }) })
    for (const { prompt, ids, tokens } of golden.stories) {
      const begin = promptIds(tokenizer, prompt)
      expect(begin).toEqual(ids)
      const told: number[] = []
      let text = ''
      const options = { sample: [temperature(0)], stopWhen: [length(tokens.length)] }
      for await (const piece of generate(predictor, tokenizer, begin, options)) {
        told.push(piece.token)
        text += piece.text
      }
      expect([prompt, told]).toEqual([prompt, tokens])
      expect(prompt + text).toBe(tokenizer.decode([...ids.slice(1), ...tokens]))
    }
    await predictor.release()
  })

  test('on WebAssembly its logits are those of transformers', async () => {
    const saved = await readLlama2c(bytesOf('stories260K.bin'), bytesOf('tok512.bin'))
    const predictor = cachedPredictor({ ...saved, runtime: await webRuntime() })
    expectClose('logits', await predictor.next(golden.stories[1].ids), golden.logits, { absolute: 1e-4 })
    await predictor.release()
  })
})
