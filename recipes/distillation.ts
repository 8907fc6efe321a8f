/**
 * Distillation: a small GPT-2 learns tinyshakespeare alone, and with a larger one as its teacher, in equally many steps; on
 * all of the text, and where only a tenth of it is the student's.
 */
import {
  adamW,
  cosine,
  datasetText,
  findDataset,
  GPT2,
  initialWeights,
  memoryTokens,
  muon,
  namedParameters,
  type Optimizer,
  parameterCount,
  type Runtime,
  type Teacher,
  train,
  trainCharacters,
  warmUp,
} from '../src/index.ts'
import type { Recipe } from './recipe.ts'
import { wholeText } from './texts.ts'

const [temperature, share] = [2, 0.5] as const

export const recipe: Recipe = {
  name: 'distillation',
  title: {
    en: 'Distillation on tinyshakespeare: GPT-2 with 2 layers and 64 channels, alone and with a teacher of 4 layers and 128 channels',
    zh: '在 tinyshakespeare 上蒸馏：2 层、64 通道的 GPT-2，独自学习与向 4 层、128 通道的教师学习',
  },
  datasets: ['tinyshakespeare'],
  seeds: 1,
  measures: [
    {
      name: 'teacher',
      title: 'validation loss of the teacher (0.81 M parameters), nats per character',
      better: 'lower',
    },
    { name: 'alone', title: 'of the student (0.11 M parameters) alone, 2,000 steps', better: 'lower' },
    { name: 'distilled', title: 'of the student with the teacher, 2,000 steps', better: 'lower' },
    { name: 'aloneOnTenth', title: 'of the student alone on a tenth of the text, 2,000 steps', better: 'lower' },
    { name: 'distilledOnTenth', title: 'of the student with the teacher on that tenth, 2,000 steps', better: 'lower' },
  ],
  remarks: `Half of the loss compares with the teacher at temperature 2 (Hinton et al., 2015); nothing was tuned for it. The teacher
learned all of the training text, so the student on a tenth gets from it what it did not read.`,
  async run({ seed, quick, runtime, dataset, print }) {
    const source = datasetText(findDataset('tinyshakespeare'), await dataset('tinyshakespeare'))
    const whole = await wholeText(source)
    const text = quick ? whole.slice(0, 20_000) : whole
    const steps = quick ? 20 : 2000
    const tokenizer = await trainCharacters([text])
    const ids = tokenizer.encode(text)
    const cut = Math.floor(ids.length * 0.9)
    const held = ids.subarray(cut)
    const size = { vocabulary: tokenizer.vocabularySize, context: 64, heads: 4, bias: true }
    const learnt = async (name: string, given: Omit<Learning, 'held' | 'seed' | 'steps'>) => {
      const { loss, weights } = await learn(runtime, { ...given, held, seed, steps })
      print(`${name}: ${parameterCount(given.model)} parameters, loss ${loss.toFixed(4)}`)
      return { loss, weights }
    }

    const large = new GPT2({ ...size, layers: 4, channels: 128 })
    const optimizer = muon({ beta2: 0.99, weightDecay: 0.1 })
    const taught = await learnt('teacher', { model: large, ids: ids.subarray(0, cut), optimizer, learningRate: 6e-3 })
    const teacher: Teacher = { model: large, weights: taught.weights, temperature, share }
    const student = (part: number, teacher?: Teacher): Omit<Learning, 'held' | 'seed' | 'steps'> => ({
      ...{ model: new GPT2({ ...size, layers: 2, channels: 64 }), ids: ids.subarray(0, part), teacher },
      ...{ optimizer: adamW({ beta2: 0.99, weightDecay: 0.1 }), learningRate: 3e-3 },
    })
    const tenth = Math.floor(cut / 10)
    return {
      teacher: taught.loss,
      alone: (await learnt('student alone', student(cut))).loss,
      distilled: (await learnt('student with teacher', student(cut, teacher))).loss,
      aloneOnTenth: (await learnt('student alone, a tenth', student(tenth))).loss,
      distilledOnTenth: (await learnt('student with teacher, a tenth', student(tenth, teacher))).loss,
    }
  },
}

interface Learning {
  readonly model: GPT2
  readonly ids: Int32Array
  readonly held: Int32Array
  readonly optimizer: Optimizer
  readonly learningRate: number
  readonly teacher?: Teacher
  readonly seed: number
  readonly steps: number
}

/** Trains from nothing; the loss over all held-out text, in nats per character. */
async function learn(
  runtime: Runtime,
  { model, ids, held, optimizer, learningRate, teacher, seed, steps }: Learning,
): Promise<{ loss: number; weights: ReadonlyMap<string, Float32Array> }> {
  const rising = Math.min(100, steps / 2)
  const training = await train(model, {
    ...{ runtime, seed, steps, optimizer, teacher, batchSize: 12, clip: 1, evaluateEvery: steps, evaluationBatches: 1 },
    weights: initialWeights(namedParameters(model), seed),
    train: memoryTokens(ids, ids.length),
    validation: memoryTokens(held, held.length),
    learningRate: warmUp(rising, cosine(learningRate, 1e-4, steps - rising)),
  })
  let loss = Number.NaN
  for await (const event of training.events) if (event.type === 'validation') loss = event.loss
  const weights = new Map([...(await training.state()).weights].map(([name, values]) => [name, values.slice()]))
  await training.release()
  return { loss, weights }
}
