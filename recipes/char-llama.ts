/**
 * Llama at the size of GPT-2's small character model, trained in the same way on the same text (char-shakespeare): what
 * rotary positions, SwiGLU, root-mean-square normalization and shared keys and values change.
 */
import { datasetText, findDataset, Llama, llamaHidden, llamaPublished } from '../src/index.ts'
import { learn } from './char-shakespeare.ts'
import type { Recipe } from './recipe.ts'
import { wholeText } from './texts.ts'

export const recipe: Recipe = {
  name: 'char-llama',
  year: 2023,
  title: {
    en: "Llama at the size of nanoGPT's small character model (4 layers, 128 channels, 4 heads in 2 groups) on tinyshakespeare",
    zh: '与 nanoGPT 的小型字符模型同样大小的 Llama（4 层、128 通道、4 个头分 2 组），语料为 tinyshakespeare',
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
  remarks: `The same text, steps, batches, optimizer and learning rate as GPT-2's row char-shakespeare with 3e-3; Llama has
755,000 parameters there, GPT-2 809,856.`,
  async run({ seed, quick, runtime, dataset }) {
    const source = datasetText(findDataset('tinyshakespeare'), await dataset('tinyshakespeare'))
    const whole = await wholeText(source)
    const text = quick ? whole.slice(0, 20_000) : whole
    const started = performance.now()
    const size = { context: 64, channels: 128, layers: 4, heads: 4, keyValueHeads: 2, hidden: llamaHidden(128) }
    const rest = { rotaryBase: llamaPublished.rotaryBase, epsilon: 1e-5, tied: false }
    const makeModel = (vocabulary: number) => new Llama({ vocabulary, ...size, ...rest })
    const steps = quick ? 20 : 2000
    const validationLoss = await learn(runtime, text, { seed, steps, learningRate: 3e-3, makeModel })
    return { validationLoss, seconds: (performance.now() - started) / 1000 }
  },
}
