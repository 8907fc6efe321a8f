/**
 * What pre-training is worth: GPT of 2018 learns English books, articles and captions, and then to classify sentences and
 * pairs, beside the same model that begins at random. Radford et al., Improving Language Understanding by Generative
 * Pre-Training, 2018, sections 3 and 5 ("without pre-training").
 */
import {
  datasetText,
  type FetchedFile,
  fetchedText,
  findDataset,
  joinTexts,
  readSnli,
  readSst2,
  type TextSource,
  trainWordBPE,
} from '../src/index.ts'
import { preTrain, worthOfBase } from './fine-tuning.ts'
import type { Recipe } from './recipe.ts'
import { beginningOf, fewTexts } from './texts.ts'

/** 10.1 million parameters with the vocabulary. */
const size = { layers: 6, heads: 5, channels: 320, context: 128, vocabulary: 8192, tokenizer: 'word-bpe' } as const
const preTraining = {
  ...{ ...size, steps: 2500, batchSize: 16, learningRate: 1e-3, finalLearningRate: 1e-4, warmUp: 200 },
  ...{ weightDecay: 0.01, beta2: 0.98, dropout: 0, validationFraction: 0.01 },
  ...{ evaluateEvery: 250, saveEvery: 250, sampleEvery: 0 },
} as const
/** The same for both; each keeps the weights of the epoch with the fewest errors on the validation texts. */
const fineTuning = { epochs: 5, batchSize: 32, learningRate: 3e-4, dropout: 0.1, auxiliary: 0.5 } as const

const quickPreTraining = {
  layers: 1,
  heads: 2,
  channels: 16,
  context: 32,
  vocabulary: 500,
  steps: 4,
  batchSize: 4,
} as const

export const recipe: Recipe = {
  name: 'pretraining',
  year: 2018,
  title: {
    en: 'GPT (6 layers, 320 channels) pre-trained on 20 MB of English, then fine-tuned, beside the same from scratch: SST-2, SNLI',
    zh: 'GPT（6 层、320 通道）在 20 MB 英文上预训练后微调，与从头训练的同一模型对比：SST-2 与 SNLI',
  },
  datasets: ['english-books', 'english-wikipedia', 'multi30k', 'sst2', 'snli'],
  seeds: 3,
  measures: [
    { name: 'sst2', title: 'SST-2 test, accuracy, %', better: 'higher' },
    { name: 'sst2Scratch', title: 'SST-2 test from scratch, accuracy, %', better: 'higher' },
    { name: 'sst2Gain', title: 'SST-2, points that pre-training adds', better: 'higher', bound: 3 },
    { name: 'snli', title: 'SNLI test, accuracy, %', better: 'higher' },
    { name: 'snliScratch', title: 'SNLI test from scratch, accuracy, %', better: 'higher' },
    { name: 'snliGain', title: 'SNLI, points that pre-training adds', better: 'higher', bound: 3 },
    { name: 'bitsPerByte', title: 'the last hundredth of the text, bits per byte', better: 'lower' },
  ],
  remarks: `The text is eight books and collected works, Wikipedia and the English captions of Multi30k's training set, once. SST-2 is
learned from its 6,920 sentences without the phrases, SNLI from 8,840 pairs of its development set, for its training set is not at hand. Both
models are fine-tuned alike, with the auxiliary objective of the paper, and keep their best epoch on the validation texts.`,
  async run(context) {
    const { dataset, quick } = context
    const english = ['english-books', 'english-wikipedia']
    const texts = [captions(await dataset('multi30k'))]
    for (const name of english) texts.push(datasetText(findDataset(name), await dataset(name)))
    const base = await preTrain(context, {
      ...{
        modelName: 'gpt',
        folder: 'base',
        text: quick ? await beginningOf(texts[0], 20_000) : joinTexts('English', texts),
      },
      options: { ...preTraining, ...(quick && quickPreTraining) },
      makeTokenizer: text =>
        trainWordBPE(text.chunks(), {
          ...{ vocabularySize: quick ? quickPreTraining.vocabulary : size.vocabulary, alphabetSize: 400 },
          specialTokens: ['<|endoftext|>'],
        }),
    })
    const tasks = { sst2: await readSst2(await dataset('sst2')), snli: await readSnli(await dataset('snli')) }
    const measured: Record<string, number> = { bitsPerByte: base.bitsPerByte }
    for (const [name, whole] of Object.entries(tasks)) {
      const task = quick ? fewTexts(whole) : whole
      const options = { ...fineTuning, ...(quick && { epochs: 1 }) }
      Object.assign(measured, await worthOfBase(context, { folder: name, base, task, options }))
    }
    return measured
  },
}

function captions(files: readonly FetchedFile[]): TextSource {
  const found = files.find(({ file }) => file.name === 'train.en.gz')
  if (found === undefined) throw new TypeError('Multi30k has no train.en.gz')
  return fetchedText(found)
}
