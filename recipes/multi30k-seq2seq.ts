/**
 * Sequence to sequence on Multi30k, German to English: LSTMs of 256 units, with Bahdanau's attention and with the context
 * vector z alone. The alignment of a test sentence as a picture.
 */
import { alignmentOf, bleu, chrf, findDataset, heatMap, pairTask, translateTexts } from '../src/index.ts'
import type { Recipe } from './recipe.ts'
import { learnAndTranslate } from './translation.ts'

export const recipe: Recipe = {
  name: 'multi30k-seq2seq',
  year: 2014,
  title: {
    en: 'seq2seq (LSTM, 256 units), with and without attention, on Multi30k, German to English',
    zh: 'seq2seq（LSTM，256 单元），有注意力与没有注意力，Multi30k 德译英',
  },
  datasets: ['multi30k'],
  seeds: 3,
  measures: [
    { name: 'bleu', title: 'BLEU on test 2016 with attention, lower-cased', better: 'higher', bound: 29 },
    { name: 'chrf', title: 'chrF on test 2016 with attention, lower-cased', better: 'higher' },
    { name: 'bleuWithoutAttention', title: 'BLEU without attention, lower-cased', better: 'higher' },
    { name: 'validationLoss', title: 'validation loss with attention, nats per token', better: 'lower' },
    { name: 'validationLossWithoutAttention', title: 'validation loss without, nats per token', better: 'lower' },
  ],
  async run(context) {
    const task = await pairTask(findDataset('multi30k'), await context.dataset('multi30k'))
    const learn = (attention: boolean) =>
      learnAndTranslate(context, task, task.tests.test2016, {
        modelName: 'seq2seq',
        folder: attention ? 'with-attention' : 'without-attention',
        options: {
          ...{ attention, lowerCase: true, cell: 'lstm', channels: 256, dropout: 0.3, vocabulary: 4000 },
          ...{ steps: 3000, batchTokens: 2048, microBatchTokens: 1024, buckets: 12, warmUp: 400, learningRate: 2e-3 },
          ...{ evaluateEvery: 250, average: 5 },
        },
      })
    const looking = await learn(true)
    const blind = await learn(false)
    const lowercase = { lowercase: true }
    const scores = [
      bleu(looking.hypotheses, [looking.references], lowercase),
      chrf(looking.hypotheses, [looking.references], lowercase),
      bleu(blind.hypotheses, [blind.references], lowercase),
    ]
    for (const { line, signature } of scores) context.print(`${line}\n${signature}`)
    const [shown] = await translateTexts(looking.saved, context.runtime, [task.tests.test2016[0].source], { beams: 2 })
    const { source, target, weights } = await alignmentOf(looking.saved, context.runtime, shown)
    const title = 'What each word looked at'
    await context.save('alignment.svg', await heatMap({ title, rows: target, columns: source, values: weights }))
    return {
      bleu: scores[0].score,
      chrf: scores[1].score,
      bleuWithoutAttention: scores[2].score,
      validationLoss: looking.validationLoss,
      validationLossWithoutAttention: blind.validationLoss,
    }
  },
}
