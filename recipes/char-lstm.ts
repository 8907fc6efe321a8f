/**
 * A character LSTM of Karpathy's char-rnn size on tinyshakespeare: 2 layers of 512 units, 3.3 million parameters,
 * truncated backpropagation through 64 characters with a carried state, in ten minutes on two cores.
 */
import {
  adamW,
  cosine,
  datasetText,
  findDataset,
  initialWeights,
  LSTM,
  memoryTokens,
  namedParameters,
  parameterCount,
  train,
  trainCharacters,
  warmUp,
} from '../src/index.ts'
import type { Recipe } from './recipe.ts'
import { wholeText } from './texts.ts'

export const recipe: Recipe = {
  name: 'char-lstm',
  year: 1997,
  title: {
    en: 'character LSTM (2 layers of 512 units, 3.3 M parameters) on tinyshakespeare, 10 minutes on two cores',
    zh: '字符 LSTM（2 层、每层 512 单元、330 万参数），语料为 tinyshakespeare，双核训练 10 分钟',
  },
  datasets: ['tinyshakespeare'],
  seeds: 3,
  measures: [
    { name: 'validationLoss', title: 'validation loss, nats per character', better: 'lower', bound: 1.6 },
    { name: 'minutes', title: 'training, minutes', better: 'lower', bound: 10 },
  ],
  remarks: `Karpathy's char-rnn (2015) is the published neighbour: the same text, and LSTMs of the same size as an example of
its README, which names no loss for them. Held out is the last tenth of the text; the number of steps
was chosen by the time that they take, not by its loss, and nothing was stopped early.`,
  async run({ seed, quick, runtime, dataset, print, signal }) {
    const source = datasetText(findDataset('tinyshakespeare'), await dataset('tinyshakespeare'))
    const whole = await wholeText(source)
    const text = quick ? whole.slice(0, 20_000) : whole
    const tokenizer = await trainCharacters([text])
    const ids = tokenizer.encode(text)
    const cut = Math.floor(ids.length * 0.9)
    const size = quick ? { hiddenSize: 32, layers: 1 } : { hiddenSize: 512, layers: 2 }
    const model = new LSTM({ vocabulary: tokenizer.vocabularySize, embeddingSize: 64, context: 64, ...size })
    print(`${parameterCount(model).toLocaleString('en-US')} parameters`)
    const steps = quick ? 20 : 1400
    const warmUpSteps = Math.min(100, steps / 2)
    const training = await train(model, {
      runtime,
      weights: initialWeights(namedParameters(model), seed),
      train: memoryTokens(ids.subarray(0, cut), cut),
      validation: memoryTokens(ids.subarray(cut), ids.length - cut),
      steps,
      batchSize: 32,
      optimizer: adamW({ beta2: 0.99, weightDecay: 0 }),
      learningRate: warmUp(warmUpSteps, cosine(3e-3, 1e-4, steps - warmUpSteps)),
      clip: 1,
      dropout: { rate: 0.1, places: size.layers + 1 },
      seed,
      evaluateEvery: Math.min(steps, 350),
      evaluationBatches: 10,
    })
    const measured = { validationLoss: Number.NaN, minutes: 0 }
    for await (const event of training.events) {
      if (signal?.aborted) break
      if (event.type === 'step') measured.minutes += event.durationMs / 60_000
      else {
        measured.validationLoss = event.loss
        print(`step ${event.step}: validation loss ${event.loss.toFixed(4)}, ${measured.minutes.toFixed(2)} minutes`)
      }
    }
    await training.release()
    return measured
  },
}
