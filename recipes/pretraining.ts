/**
 * What pre-training is worth, and what adapters spare: GPT of 2018 learns English books, articles and captions, and then to
 * classify sentences and pairs, beside the same model that begins at random. Radford et al., Improving Language Understanding
 * by Generative Pre-Training, 2018, sections 3 and 5 ("without pre-training"). The same model learns SST-2 as a whole and by
 * adapters of rank 8 (LoRA), from 100, 1,000 and all of its sentences: Hu et al., 2021.
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
import { type FineTuned, type FineTuning, fineTune, type PreTraining, preTrain, worthOfBase } from './fine-tuning.ts'
import type { Measure, Measured, Recipe, RecipeContext } from './recipe.ts'
import { beginningOf, fewTexts } from './texts.ts'

/** 10.1 million parameters with the vocabulary. */
const size = { layers: 6, heads: 5, channels: 320, context: 128, vocabulary: 8192, tokenizer: 'word-bpe' } as const
const preTraining: PreTraining['options'] = {
  ...{ ...size, steps: 1250, batchSize: 32, weightDecay: 0.01, dropout: 0, validationFraction: 0.01 },
  ...{ optimizer: 'muon', beta2: 0.98, learningRate: 2e-3, finalLearningRate: 2e-4, warmUp: 100 },
  ...{ evaluateEvery: 125, saveEvery: 125, sampleEvery: 0 },
}
/** The same for both; each keeps the weights of the epoch with the fewest errors on the validation texts. */
const fineTuning = { batchSize: 32, learningRate: 3e-4, dropout: 0.1, auxiliary: 0.5 } as const
/** How often all examples are learned from. */
const epochs = 3

/** Adapters on what attends and on the words; their rate is five times that of the whole model. */
const adapters = {
  ...{ lora: 8, loraTargets: 'attention.project,attention.output,tokenEmbedding', learningRate: 1.5e-3 },
} as const
/** Sentences that are learned from, and how often: few ones more often. Validations, else one an epoch, take longer than steps. */
const amounts = [
  { name: '100', limit: 100, epochs: 30, evaluateEvery: 20 },
  { name: '1000', limit: 1000, epochs: 6 },
  { name: 'All', limit: undefined, epochs },
] as const

const curveMeasures: readonly Measure[] = amounts.flatMap(({ name, limit }) => {
  const from = limit === undefined ? 'all sentences' : `${limit.toLocaleString('en-US')} sentences`
  return [
    { name: `whole${name}`, title: `SST-2 test, whole model, ${from}, accuracy, %`, better: 'higher' },
    { name: `lora${name}`, title: `SST-2 test, adapters of rank 8, ${from}, accuracy, %`, better: 'higher' },
  ] as const
})

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
  seeds: 1,
  measures: [
    { name: 'sst2', title: 'SST-2 test, accuracy, %', better: 'higher' },
    { name: 'sst2Scratch', title: 'SST-2 test from scratch, accuracy, %', better: 'higher' },
    { name: 'sst2Gain', title: 'SST-2, points that pre-training adds', better: 'higher', bound: 3 },
    { name: 'snli', title: 'SNLI test, accuracy, %', better: 'higher' },
    { name: 'snliScratch', title: 'SNLI test from scratch, accuracy, %', better: 'higher' },
    { name: 'snliGain', title: 'SNLI, points that pre-training adds', better: 'higher', bound: 3 },
    { name: 'bitsPerByte', title: 'the last hundredth of the text, bits per byte', better: 'lower' },
    ...curveMeasures,
    {
      name: 'loraShare',
      title: "adapters' accuracy of the whole model's, all sentences, %",
      better: 'higher',
      bound: 98,
    },
    { name: 'trainedShare', title: 'parameters that learn with adapters, %', better: 'lower', bound: 2 },
    { name: 'wholeSeconds', title: 'fine-tuning of the whole model, all sentences, seconds', better: 'lower' },
    { name: 'loraSeconds', title: 'of the adapters, seconds', better: 'lower' },
    { name: 'wholeState', title: "what learns and the optimizer's memory of it: whole model, MB", better: 'lower' },
    { name: 'loraState', title: 'of the adapters, MB', better: 'lower' },
  ],
  remarks: `The text is eight books and collected works, Wikipedia and the English captions of Multi30k's training set, once; matrices learn with Muon. SST-2 is
learned from its 6,920 sentences without the phrases, SNLI from 8,840 pairs of its development set, for its training set is not at hand. Both
models are fine-tuned alike, with the auxiliary objective of the paper, three epochs, and keep their best epoch on the validation texts.
Adapters are on what attends and on the embedding of words (decision 0015).`,
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
    const worthOn = async (name: keyof typeof tasks, done?: FineTuned): Promise<Measured> => {
      const task = quick ? fewTexts(tasks[name]) : tasks[name]
      const options = { ...fineTuning, epochs: quick ? 1 : epochs }
      return worthOfBase(context, { folder: name, base, task, options }, { done })
    }
    const { whole, curves } = await adaptersBesideWhole(context, {
      base,
      task: quick ? fewTexts(tasks.sst2) : tasks.sst2,
    })
    return { bitsPerByte: base.bitsPerByte, ...curves, ...(await worthOn('sst2', whole)), ...(await worthOn('snli')) }
  },
}

/** The same model fine-tuned as a whole and by adapters, from few examples and from all. */
async function adaptersBesideWhole(
  context: RecipeContext,
  { base, task }: Pick<FineTuning, 'base' | 'task'>,
): Promise<{ readonly whole: FineTuned; readonly curves: Measured }> {
  const measured: Record<string, number> = {}
  const tune = async (kind: string, given: FineTuning['options']): Promise<FineTuned> => {
    const options = { ...fineTuning, ...given, ...(context.quick && { epochs: 1 }) }
    return fineTune(context, { folder: `sst2-${kind}`, base, task, options })
  }
  const both = async ({ name, ...amount }: (typeof amounts)[number]): Promise<FineTuned[]> => {
    const whole = await tune(`whole-${name}`, amount)
    const lora = await tune(`lora-${name}`, { ...amount, ...adapters })
    Object.assign(measured, { [`whole${name}`]: whole.accuracy, [`lora${name}`]: lora.accuracy })
    return [whole, lora]
  }
  const [hundred, thousand, all] = amounts
  await both(hundred)
  await both(thousand)
  const [whole, lora] = await both(all)
  const curves = {
    ...measured,
    ...{ loraShare: (100 * lora.accuracy) / whole.accuracy, trainedShare: lora.trainedShare },
    ...{ wholeSeconds: whole.seconds, loraSeconds: lora.seconds },
    ...{ wholeState: whole.stateSize, loraState: lora.stateSize },
  }
  return { whole, curves }
}

function captions(files: readonly FetchedFile[]): TextSource {
  const found = files.find(({ file }) => file.name === 'train.en.gz')
  if (found === undefined) throw new TypeError('Multi30k has no train.en.gz')
  return fetchedText(found)
}
