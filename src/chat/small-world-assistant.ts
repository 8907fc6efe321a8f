/** How a first assistant is made: what it reads, its size, and how it learns to answer. `nacre start` shows it. */
import { Random } from '../base/random.ts'
import type { SavedModel } from '../checkpoints/model-folder.ts'
import type { Dataset } from '../data/dataset.ts'
import { generatedDocuments } from '../data/get.ts'
import { RecordProblems } from '../data/records.ts'
import { type Question, smallWorldExamples, smallWorldWords } from '../data/small-world.ts'
import { smallWorldBilingual, smallWorldChat } from '../data/small-world-text.ts'
import { Llama } from '../models/2023-llama.ts'
import { lookUpWeights } from '../models/look-up-weights.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { phraseRule } from '../tokenizers/pretokenize.ts'
import { wordsApart } from '../tokenizers/segmenter.ts'
import type { FineTuningRunOptions } from '../training/fine-tuning-run.ts'
import { readChatDataset } from './datasets.ts'
import { shortChatTemplate, shortTurnTokens } from './default-template.ts'
import type { PlacedRecord } from './formats.ts'

interface Assistant {
  /** Documents that it reads, each by itself, and conversations; the easy ones first. */
  readonly text: Dataset
  readonly chat: Dataset
  readonly reading: Partial<FineTuningRunOptions>
  readonly answering: Partial<FineTuningRunOptions>
  /** Of the stories that it is asked about: neither text nor conversations are of this seed. */
  readonly examSeed: number
}

const training = {
  ...{ epochs: 1, batchSize: 4, dropout: 0, validationFraction: 0.01, weightDecay: 0.01, warmUp: 0.03 },
  ...{ inOrder: true, saveEvery: 1000 },
  optimizer: 'muon',
  adamRate: 0.5,
} as const

export const smallWorldAssistant: Assistant = {
  text: smallWorldBilingual,
  chat: smallWorldChat,
  reading: { ...training, learningRate: 1e-3, finalLearningRate: 1e-3 },
  answering: { ...training, learningRate: 1e-3, finalLearningRate: 5e-5 },
  examSeed: 4,
}

/** Its sizes: small, so that it sees much in little time. */
const size = { layers: 4, heads: 3, keyValueHeads: 3, channels: 96, hidden: 128, context: 192 } as const
const rotation = { rotaryBase: 10_000, epsilon: 1e-5 } as const
const vocabularySize = 1800
/** Documents that its tokenizer is learned from. */
const tokenizerDocuments = 5000
/** What part of what it reads are stories in which nothing happens yet, with what is true in them. */
const easyShare = 0.8

const languages = ['en', 'zh'] as const

/**
 * What it reads: first what is true in stories in which nothing happens, so that it learns to look things up; then texts
 * of all kinds, word by word.
 */
export function assistantReading(limit = 5000): PlacedRecord[] {
  const { text } = smallWorldAssistant
  const easy = Math.floor(limit * easyShare)
  const texts = generatedDocuments(text, limit - easy)
  return [
    ...easyStories(easy),
    ...texts.map((document, i): PlacedRecord => {
      return { kind: 'text', text: document.trimEnd(), where: `${text.name}, document ${i + 1}` }
    }),
  ]
}

function* easyStories(count: number): Generator<PlacedRecord> {
  const seed = smallWorldAssistant.text.generated!.seed
  const random = new Random(seed, 'small world/easy stories')
  const [english, chinese] = languages
    .map(language =>
      smallWorldExamples({ ...{ seed, language }, kind: 'questionAtOnce', documents: Math.ceil(count / 2) }),
    )
    .map(examples => examples[Symbol.iterator]())
  for (let i = 0; i < count; i++) {
    const { story, all }: Question = (i % 2 === 0 ? english : chinese).next().value
    const facts = random.shuffle(all.map(({ fact }) => fact))
    const where = `easy story ${i + 1}`
    if (i % 2 === 0) yield { kind: 'completion', prompt: `${story}\nNow:`, completion: ` ${facts.join(' ')}`, where }
    else yield { kind: 'completion', prompt: `${story}\n现在：`, completion: facts.join(''), where }
  }
}

/**
 * What it learns to answer from, as many as the dataset has unless told otherwise: the order is the same, from easy questions
 * to all kinds.
 */
export async function assistantConversations(limit?: number): Promise<PlacedRecord[]> {
  const { chat } = smallWorldAssistant
  const generated = {
    ...chat.generated!,
    ...(limit !== undefined && { documents: Math.ceil(limit / languages.length) }),
  }
  const records: PlacedRecord[] = []
  for await (const record of readChatDataset({ ...chat, generated }, [], new RecordProblems())) records.push(record)
  return records.slice(0, limit)
}

/**
 * The model before it has read anything. A word that a question may ask for is one token wherever it stands, and what
 * stands between two of them mostly is one too, so that what belongs together stands together.
 */
export async function freshAssistant(seed: number): Promise<SavedModel> {
  const texts = generatedDocuments(smallWorldBilingual, tokenizerDocuments)
  const pieces = wordsApart(texts, languages.flatMap(smallWorldWords))
  const specialTokens = ['<|endoftext|>', ...shortTurnTokens]
  const tokenizer = await trainByteLevelBPE(pieces, { vocabularySize, specialTokens, rule: phraseRule, wordWeight: 20 })
  const model = new Llama({ ...size, ...rotation, vocabulary: tokenizer.vocabularySize, tied: true })
  return { model, tokenizer, weights: lookUpWeights(model, seed), settings: { chatTemplate: shortChatTemplate } }
}
