import { expect, test } from 'vitest'
import { BERT } from '../models/2018-bert.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { memoryStorage } from '../storage/memory.ts'
import { readText, writeText } from '../storage/storage.ts'
import { wordPieceVocabulary } from '../tokenizers/word-piece.ts'
import { type BertPart, bertParts, loadBertFolder, requireBertParts, saveBertFolder } from './bert.ts'
import { openSafetensors, writeSafetensors } from './safetensors.ts'

const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'the', 'cat', '##s']
const tokenizer = wordPieceVocabulary(vocabulary.join('\n'))
const model = new BERT({ vocabulary: 8, context: 8, channels: 4, layers: 1, heads: 2, hidden: 6 })
const weights = initialWeights(namedParameters(model), 1)

async function saved(missing: readonly BertPart[] = []) {
  const storage = memoryStorage()
  await saveBertFolder(storage, { model, weights, tokenizer, missing })
  return storage
}

test('comes back as it was', async () => {
  const storage = await saved()
  const copy = await loadBertFolder(storage)
  expect(copy.model.configuration).toEqual(model.configuration)
  expect(copy.weights).toEqual(weights)
  expect(copy.tokenizer.toJSON()).toEqual(tokenizer.toJSON())
  expect(copy.missing).toEqual([])
  expect(JSON.parse(await readText(storage, 'config.json'))).toMatchObject({ architectures: ['BertForPreTraining'] })
})

test.each<[string, BertPart[], BertPart[]]>([
  ['BertForMaskedLM', ['pooler', 'nextHead'], ['maskHead']],
  ['BertModel', ['maskHead', 'nextHead'], ['pooler']],
])('%s: what is missing is known, and asked for in vain', async (architecture, missing, present) => {
  const storage = await saved(missing)
  expect(JSON.parse(await readText(storage, 'config.json')).architectures).toEqual([architecture])
  const copy = await loadBertFolder(storage)
  expect(copy.missing).toEqual(missing)
  requireBertParts(copy, present, 'A test')
  expect(() => requireBertParts(copy, missing, 'A test')).toThrow(/^A test expected a BERT with the .*head \(cls\./)
})

test('names without "bert.", with gamma and beta, and vocab.txt, as older folders have them', async () => {
  const storage = await saved()
  const file = await openSafetensors(storage, 'model.safetensors')
  const tensors = []
  for (const { name, shape } of bertParts(model)) {
    const old = name
      .replace(/^bert\./, '')
      .replace('LayerNorm.weight', 'LayerNorm.gamma')
      .replace('LayerNorm.bias', 'LayerNorm.beta')
    tensors.push({ name: old, dtype: 'F32' as const, shape, data: await file.readFloat32(name, shape) })
  }
  await writeSafetensors(storage, 'model.safetensors', tensors)
  await storage.remove('tokenizer.json')
  await writeText(storage, 'tokenizer_config.json', '{"do_lower_case": false}')
  await writeText(storage, 'vocab.txt', vocabulary.join('\n'))
  const copy = await loadBertFolder(storage)
  expect(copy.weights).toEqual(weights)
  expect([...copy.tokenizer.encode('the cats The')]).toEqual([5, 6, 7, 1])
})

test.each<[string, object, string]>([
  ['another model', { model_type: 'roberta' }, 'expected model_type "bert". Received "roberta".'],
  ['another activation', { hidden_act: 'relu' }, 'field "hidden_act", expected "gelu". Received "relu".'],
  ['a decoder', { is_decoder: true }, 'field "is_decoder", expected false. Received true.'],
  ['heads that do not fit', { num_attention_heads: 3 }, 'channels, expected a multiple of heads (3). Received 4.'],
  ['a smaller vocabulary', { vocab_size: 7 }, 'expected at most 7 tokens'],
  ['another width', { hidden_size: 8 }, 'expected'],
])('%s is refused', async (_, change, message) => {
  const storage = await saved()
  const config = JSON.parse(await readText(storage, 'config.json'))
  await writeText(storage, 'config.json', JSON.stringify({ ...config, ...change }))
  await expect(loadBertFolder(storage)).rejects.toThrow(message)
})
