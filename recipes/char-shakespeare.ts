/**
 * nanoGPT's small character model on tinyshakespeare: 4 layers, 4 heads, 128 channels, context 64, batch 12, 2,000
 * steps, no dropout. nanoGPT's README names a validation loss of 1.88 nats.
 */
import {
  adamW,
  cosine,
  datasetText,
  findDataset,
  GPT2,
  initialWeights,
  type LanguageModel,
  memoryTokens,
  namedParameters,
  type Optimizer,
  type Runtime,
  train,
  trainCharacters,
  warmUp,
} from '../src/index.ts'
import type { Recipe } from './recipe.ts'
import { wholeText } from './texts.ts'

export const recipe: Recipe = {
  name: 'char-shakespeare',
  year: 2019,
  title: {
    en: "nanoGPT's small character model (4 layers, 128 channels, context 64, 2,000 steps) on tinyshakespeare",
    zh: 'nanoGPT 的小型字符模型（4 层、128 通道、上下文 64、2,000 步），语料为 tinyshakespeare',
  },
  datasets: ['tinyshakespeare'],
  seeds: 3,
  measures: [
    {
      name: 'validationLoss',
      title: "validation loss with nanoGPT's learning rate 1e-3, nats per character",
      better: 'lower',
      bound: 1.88,
      published: { value: 1.88, source: "nanoGPT's README" },
    },
    {
      name: 'tunedValidationLoss',
      title: 'validation loss with learning rate 3e-3, nats per character',
      better: 'lower',
      bound: 1.88,
      published: { value: 1.88, source: "nanoGPT's README" },
    },
    { name: 'seconds', title: 'that training with its validation, seconds', better: 'lower', bound: 75 },
  ],
  remarks: `The second learning rate was chosen among 1e-3, 2e-3 and 3e-3 on the last tenth of the text learned from, which was held
out for that alone (seed 1: 1.696, 1.658, 1.658); the text of this row was not looked at. What makes the difference to
nanoGPT at its own rate is the first weights: GPT-2's deviation of 0.02 is that of 768 channels and more, and the 128 of
this model begin with as long rows. With 0.02 ours reached 1.892 (1.885 to 1.896) at 1e-3 and 1.759 (1.753 to 1.764) at
4e-3, PyTorch with nanoGPT's settings 1.908 (seed 1, all held-out characters; 1.916 in 20 random batches); the published
1.88 is one run, measured on 20 random batches. Other differences of ours: biases as GPT-2 published them (nanoGPT's
configuration has none), GELU by the tanh approximation, and the loss over all 111,539 held-out characters.`,
  async run({ seed, quick, runtime, dataset }) {
    const source = datasetText(findDataset('tinyshakespeare'), await dataset('tinyshakespeare'))
    const whole = await wholeText(source)
    const text = quick ? whole.slice(0, 20_000) : whole
    const steps = quick ? 20 : 2000
    const validationLoss = await learn(runtime, text, { seed, steps, learningRate: 1e-3 })
    const started = performance.now()
    const tunedValidationLoss = await learn(runtime, text, { seed, steps, learningRate: 3e-3 })
    return { validationLoss, tunedValidationLoss, seconds: (performance.now() - started) / 1000 }
  },
}

const gpt2 = (vocabulary: number): GPT2 =>
  new GPT2({ vocabulary, context: 64, channels: 128, layers: 4, heads: 4, bias: true })

/** Trains from nothing; the loss over all held-out text, the last tenth, in nats per character. */
export async function learn(
  runtime: Runtime,
  text: string,
  {
    seed,
    steps,
    learningRate,
    makeModel = gpt2,
    optimizer = adamW({ beta2: 0.99, weightDecay: 0.1 }),
    batchSize = 12,
  }: {
    readonly seed: number
    readonly steps: number
    readonly learningRate: number
    readonly makeModel?: (vocabulary: number) => LanguageModel & object
    readonly optimizer?: Optimizer
    readonly batchSize?: number
  },
): Promise<number> {
  const tokenizer = await trainCharacters([text])
  const ids = tokenizer.encode(text)
  const cut = Math.floor(ids.length * 0.9)
  const model = makeModel(tokenizer.vocabularySize)
  const warmUpSteps = Math.min(100, steps / 2)
  const training = await train(model, {
    runtime,
    weights: initialWeights(namedParameters(model), seed),
    train: memoryTokens(ids.subarray(0, cut), cut),
    validation: memoryTokens(ids.subarray(cut), ids.length - cut),
    steps,
    batchSize,
    optimizer,
    learningRate: warmUp(warmUpSteps, cosine(learningRate, 1e-4, steps - warmUpSteps)),
    clip: 1,
    seed,
    evaluateEvery: steps,
    evaluationBatches: 1,
  })
  let loss = Number.NaN
  for await (const event of training.events) if (event.type === 'validation') loss = event.loss
  await training.release()
  return loss
}
