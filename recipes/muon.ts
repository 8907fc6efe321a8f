/**
 * Muon beside AdamW: nanoGPT's small character model (char-shakespeare) with the same steps, and with the same time on the
 * cores, of which a step of Muon takes more.
 */
import { adamW, datasetText, findDataset, muon } from '../src/index.ts'
import { learn } from './char-shakespeare.ts'
import type { Recipe } from './recipe.ts'
import { wholeText } from './texts.ts'

/** How they were chosen: see the remarks. */
const rates = { adamW: 3e-3, muon: 6e-3 } as const

export const recipe: Recipe = {
  name: 'muon',
  title: {
    en: "Muon beside AdamW: nanoGPT's small character model on tinyshakespeare, with equal steps and with equal time",
    zh: 'Muon 与 AdamW 对比：nanoGPT 的小型字符模型，语料为 tinyshakespeare，步数相同与用时相同',
  },
  datasets: ['tinyshakespeare'],
  seeds: 1,
  measures: [
    { name: 'adamWLoss', title: 'validation loss of AdamW after 2,000 steps, nats per character', better: 'lower' },
    { name: 'muonLoss', title: 'of Muon with equal time on the cores', better: 'lower' },
    { name: 'muonSteps', title: 'steps that Muon does in that time', better: 'higher' },
    { name: 'muonLossOfSteps', title: 'of Muon after 2,000 steps', better: 'lower' },
    { name: 'adamWSeconds', title: 'core-seconds of 2,000 steps of AdamW, with the validation', better: 'lower' },
    { name: 'muonSeconds', title: 'core-seconds of 2,000 steps of Muon, likewise', better: 'lower' },
  ],
  remarks: `Muon moves the matrices of the blocks, AdamW the embeddings, gains and biases of both models. Learning rates were chosen on
the last tenth of the text learned from, which was held out for that alone, seed 1. AdamW's 3e-3 is that of char-shakespeare.
Muon's 6e-3: after 1,500 steps 1.595, with 1.2e-2 1.608; after 300 steps 3e-3, 6e-3, 1.2e-2 and 2.4e-2 gave 2.147, 2.034, 1.991
and 2.030, and AdamW with 3e-3, 6e-3 and 1.2e-2 gave 2.187, 2.168 and 2.220. Equal time is equal time of the process on
the cores, which a busy machine disturbs less than the clock. A batch of 768 tokens is a small one for Muon: its
iteration costs the same whatever the batch.`,
  async run({ seed, quick, runtime, dataset, print }) {
    const source = datasetText(findDataset('tinyshakespeare'), await dataset('tinyshakespeare'))
    const whole = await wholeText(source)
    const text = quick ? whole.slice(0, 20_000) : whole
    const steps = quick ? 20 : 2000
    const optimizers = {
      adamW: adamW({ beta2: 0.99, weightDecay: 0.1 }),
      muon: muon({ beta2: 0.99, weightDecay: 0.1 }),
    }
    const measured = async (name: keyof typeof optimizers, steps: number) => {
      const begun = runtime.meter.usage().coreSeconds ?? performance.now() / 1000
      const loss = await learn(runtime, text, {
        ...{ seed, steps, learningRate: rates[name], optimizer: optimizers[name] },
      })
      const seconds = (runtime.meter.usage().coreSeconds ?? performance.now() / 1000) - begun
      print(`${name}: ${steps} steps, loss ${loss.toFixed(4)}, ${seconds.toFixed(1)} core-seconds`)
      return { loss, seconds }
    }
    const first = await measured('adamW', steps)
    const second = await measured('muon', steps)
    const muonSteps = Math.max(1, Math.round((steps * first.seconds) / second.seconds))
    const third = await measured('muon', muonSteps)
    return {
      adamWLoss: first.loss,
      muonLoss: third.loss,
      muonSteps,
      muonLossOfSteps: second.loss,
      adamWSeconds: first.seconds,
      muonSeconds: second.seconds,
    }
  },
}
