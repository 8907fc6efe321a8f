/** How a first assistant is made: what it reads, its tokenizer, and how it learns to answer. `nacre start` shows it. */

import type { Dataset } from '../data/dataset.ts'
import { smallWorldBilingual, smallWorldChat } from '../data/small-world-text.ts'
import type { TextSource } from '../data/text.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import type { ByteLevelBPE } from '../tokenizers/byte-level-bpe.ts'
import { lastSafeCut } from '../tokenizers/pretokenize.ts'
import { chineseWordsApart } from '../tokenizers/segmenter.ts'
import { cutChunks } from '../tokenizers/tokenizer.ts'
import type { FineTuningRunOptions } from '../training/fine-tuning-run.ts'
import { turnTokens } from './default-template.ts'

interface Assistant {
  /** What it reads; the training's options are llama's preset `assistant`. */
  readonly text: Dataset
  /** Conversations. */
  readonly chat: Dataset
  readonly fineTuning: Partial<FineTuningRunOptions>
  /** Of the stories that it is asked about: neither text nor conversations are of this seed. */
  readonly examSeed: number
}

export const smallWorldAssistant: Assistant = {
  text: smallWorldBilingual,
  chat: smallWorldChat,
  fineTuning: {
    ...{ epochs: 1, batchSize: 12, validationFraction: 0.01, warmUp: 0.05, dropout: 0, saveEvery: 1000 },
    ...{ optimizer: 'muon', learningRate: 3e-3 },
  },
  examSeed: 4,
}

/** Its words, those of Chinese too, are mostly one token each, and it can write turns. */
export function assistantTokenizer(text: TextSource, vocabularySize: number): Promise<ByteLevelBPE> {
  return trainByteLevelBPE(chineseWordsApart(cutChunks(lastSafeCut, text.chunks())), {
    ...{ vocabularySize, specialTokens: ['<|endoftext|>', ...turnTokens] },
  })
}
