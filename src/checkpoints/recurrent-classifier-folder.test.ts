import { expect, test } from 'vitest'
import { RecurrentClassifier } from '../models/recurrent-classifier.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { memoryStorage } from '../storage/memory.ts'
import { writeText } from '../storage/storage.ts'
import { jiebaSegmenter } from '../tokenizers/node.ts'
import { intlSegmenter, type Segmenter } from '../tokenizers/segmenter.ts'
import { trainWords } from '../tokenizers/words.ts'
import { loadRecurrentClassifierFolder, saveRecurrentClassifierFolder } from './recurrent-classifier-folder.ts'

async function savedFolder(segmenter: Segmenter) {
  const tokenizer = await trainWords(['房间很干净\nthe room is clean\n'], { segmenter, lowercase: true })
  const model = new RecurrentClassifier({
    ...{ kind: 'gru', vocabulary: tokenizer.vocabularySize, classes: 2, embeddingSize: 4, hiddenSize: 6, layers: 2 },
    ...{ bidirectional: true, pooling: 'mean' },
  })
  const weights = initialWeights(namedParameters(model), 1)
  const storage = memoryStorage()
  await saveRecurrentClassifierFolder(storage, { model, weights, labels: ['差', '好'], tokenizer, context: 12 })
  return { storage, model, weights, tokenizer }
}

test('a folder gives back what it got, with the segmenter that its words need', async () => {
  const jieba = await jiebaSegmenter()
  const { storage, model, weights, tokenizer } = await savedFolder(jieba)
  const loaded = await loadRecurrentClassifierFolder(storage, { segmenters: [jieba] })
  expect(loaded).toMatchObject({ weights, labels: ['差', '好'], context: 12 })
  expect(loaded.model.configuration).toEqual(model.configuration)
  expect(loaded.tokenizer.encode('房间 CLEAN zebra')).toEqual(tokenizer.encode('房间 CLEAN zebra'))
  await expect(loadRecurrentClassifierFolder(storage)).rejects.toThrow('Give the jiebaSegmenter() of nacre/node.')
})

test('a folder with a part missing, or of another, is refused', async () => {
  for (const name of ['config.json', 'tokenizer.json', 'tokenizer_config.json', 'model.safetensors']) {
    const { storage } = await savedFolder(intlSegmenter('zh'))
    await storage.remove(name)
    await expect(loadRecurrentClassifierFolder(storage)).rejects.toThrow(`memory:${name} expected a file that exists`)
  }
  const { storage } = await savedFolder(intlSegmenter('zh'))
  const other = await trainWords(['one two three four five six seven eight nine ten eleven twelve\n'])
  await writeText(storage, 'tokenizer.json', JSON.stringify(other.toJSON()))
  await expect(loadRecurrentClassifierFolder(storage)).rejects.toThrow(
    "memory:tokenizer.json expected at most 8 tokens, the rows of the model's embedding. Received 13.",
  )
})
