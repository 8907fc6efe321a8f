/**
 * GPT-3 at the size of GPT-2's small character model, trained in the same way on the same text (char-shakespeare): what it costs
 * that every second layer sees a band of the last 8 characters instead of all 64.
 */
import { datasetText, findDataset, GPT3 } from '../src/index.ts'
import { learn } from './char-shakespeare.ts'
import type { Recipe } from './recipe.ts'
import { wholeText } from './texts.ts'

export const recipe: Recipe = {
  name: 'char-gpt3',
  year: 2020,
  title: {
    en: "GPT-3 at the size of nanoGPT's small character model (4 layers, 128 channels, bands of 8 in 64) on tinyshakespeare",
    zh: '与 nanoGPT 的小型字符模型同样大小的 GPT-3（4 层、128 通道，64 个字符中带宽 8），语料为 tinyshakespeare',
  },
  datasets: ['tinyshakespeare'],
  seeds: 3,
  measures: [
    {
      name: 'validationLoss',
      title: 'validation loss with learning rate 3e-3, nats per character',
      better: 'lower',
      bound: 1.88,
      published: { value: 1.88, source: "nanoGPT's README, of a GPT-2" },
    },
    { name: 'seconds', title: 'that training with its validation, seconds', better: 'lower' },
  ],
  remarks: `The same text, steps, batches, optimizer and learning rate as GPT-2's row char-shakespeare with 3e-3. The paper
trains no model so small, and does not tell how wide its bands are; an eighth of the context is GPT-Neo's. The first time
was taken beside other trainings on the same two cores.`,
  async run({ seed, quick, runtime, dataset }) {
    const source = datasetText(findDataset('tinyshakespeare'), await dataset('tinyshakespeare'))
    const whole = await wholeText(source)
    const text = quick ? whole.slice(0, 20_000) : whole
    const started = performance.now()
    const size = { context: 64, channels: 128, layers: 4, heads: 4, bias: true, band: 8 }
    const makeModel = (vocabulary: number) => new GPT3({ vocabulary, ...size })
    const steps = quick ? 20 : 2000
    const validationLoss = await learn(runtime, text, { seed, steps, learningRate: 3e-3, makeModel })
    return { validationLoss, seconds: (performance.now() - started) / 1000 }
  },
}
