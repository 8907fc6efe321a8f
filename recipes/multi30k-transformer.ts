/**
 * The Transformer on Multi30k, German to English: 3 + 3 layers, 128 channels, 4 heads, dropout 0.1, text in small letters,
 * 4,000 joint byte-level BPE tokens, the paper's schedule, label smoothing, averaging and beam search.
 */
import { bleu, chrf, findDataset, pairTask } from '../src/index.ts'
import type { Recipe } from './recipe.ts'
import { learnAndTranslate } from './translation.ts'

export const recipe: Recipe = {
  name: 'multi30k-transformer',
  year: 2017,
  title: {
    en: 'Transformer (3 + 3 layers, 128 channels) on Multi30k, German to English',
    zh: 'Transformer（3 + 3 层、128 通道），Multi30k 德译英',
  },
  datasets: ['multi30k'],
  seeds: 3,
  measures: [
    { name: 'bleu', title: 'BLEU on test 2016, lower-cased', better: 'higher', bound: 34 },
    { name: 'chrf', title: 'chrF on test 2016, lower-cased', better: 'higher' },
    { name: 'validationLoss', title: 'validation loss, nats per token', better: 'lower' },
    { name: 'translatingSeconds', title: 'seconds to translate 1,000 sentences', better: 'lower', bound: 120 },
  ],
  remarks: `Everything was chosen on the validation part: size, dropout, learning rate and length penalty. BLEU and chrF are those of
sacrebleu (signatures in the log).`,
  async run(context) {
    const task = await pairTask(findDataset('multi30k'), await context.dataset('multi30k'))
    const { hypotheses, references, validationLoss, translatingSeconds } = await learnAndTranslate(
      context,
      task,
      task.tests.test2016,
      {
        modelName: 'transformer',
        options: {
          ...{ lowerCase: true, channels: 128, hidden: 512, layers: 3, heads: 4, dropout: 0.1, vocabulary: 4000 },
          ...{ steps: 3600, batchTokens: 2048, microBatchTokens: 1024, buckets: 12, warmUp: 600, learningRate: 3e-3 },
          ...{ evaluateEvery: 240, average: 5 },
        },
      },
    )
    const [words, characters] = [bleu, chrf].map(metric => metric(hypotheses, [references], { lowercase: true }))
    for (const { line, signature } of [words, characters]) context.print(`${line}\n${signature}`)
    await context.save('test2016.en', hypotheses.join('\n'))
    return { bleu: words.score, chrf: characters.score, validationLoss, translatingSeconds }
  },
}
