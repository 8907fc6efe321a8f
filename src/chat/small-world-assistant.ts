/** How a first assistant is made: what it reads, its size, and how it learns to answer. `nacre start` shows it. */
import type { SavedModel } from '../checkpoints/model-folder.ts'
import type { Dataset } from '../data/dataset.ts'
import { generatedDocuments } from '../data/get.ts'
import { RecordProblems } from '../data/records.ts'
import { smallWorldBilingual, smallWorldChat } from '../data/small-world-text.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { chineseWordsApart } from '../tokenizers/segmenter.ts'
import type { FineTuningRunOptions } from '../training/fine-tuning-run.ts'
import { freshModel } from '../training/fresh-model.ts'
import { readChatDataset } from './datasets.ts'
import { turnTokens } from './default-template.ts'
import type { PlacedRecord } from './formats.ts'

interface Assistant {
  /** Documents that it reads, each by itself, and conversations. */
  readonly text: Dataset
  readonly chat: Dataset
  readonly reading: Partial<FineTuningRunOptions>
  readonly answering: Partial<FineTuningRunOptions>
  /** Of the stories that it is asked about: neither text nor conversations are of this seed. */
  readonly examSeed: number
}

const training = {
  ...{ epochs: 1, batchSize: 4, dropout: 0, validationFraction: 0.01, weightDecay: 0.01, saveEvery: 1000 },
  optimizer: 'muon',
} as const

export const smallWorldAssistant: Assistant = {
  text: smallWorldBilingual,
  chat: smallWorldChat,
  reading: { ...training, learningRate: 6e-3, finalLearningRate: 1e-3, warmUp: 0.03 },
  answering: { ...training, learningRate: 4e-3, warmUp: 0.03 },
  examSeed: 4,
}

/** Its sizes: small, so that it sees much in little time. */
const size = { layers: 3, heads: 4, channels: 64, context: 176, tied: true } as const
const vocabularySize = 1600
/** Documents that its tokenizer is learned from. */
const tokenizerDocuments = 5000

/** What it reads. */
export function assistantReading(limit?: number): PlacedRecord[] {
  const { text } = smallWorldAssistant
  return generatedDocuments(text)
    .slice(0, limit)
    .map((document, i) => ({ kind: 'text', text: document.trimEnd(), where: `${text.name}, document ${i + 1}` }))
}

/** What it learns to answer from. */
export async function assistantConversations(limit?: number): Promise<PlacedRecord[]> {
  const records: PlacedRecord[] = []
  for await (const record of readChatDataset(smallWorldChat, [], new RecordProblems())) {
    if (records.length === limit) break
    records.push(record)
  }
  return records
}

/** The model before it has read anything. Its words, those of Chinese too, are mostly one token each. */
export async function freshAssistant(seed: number): Promise<SavedModel> {
  const texts = generatedDocuments(smallWorldBilingual).slice(0, tokenizerDocuments)
  const specialTokens = ['<|endoftext|>', ...turnTokens]
  const tokenizer = await trainByteLevelBPE(chineseWordsApart(texts), { vocabularySize, specialTokens })
  return freshModel('llama', size, tokenizer, seed)
}
