/**
 * A small dialogue model: seq2seq with attention learns the questions and answers of ChatterBot's Chinese corpus by heart,
 * and answers some of them. It is a parrot, as every model of 2014 with 500 pairs would be.
 */
import { findDataset, pairTask, translateTexts } from '../src/index.ts'
import type { Recipe } from './recipe.ts'
import { learnAndTranslate } from './translation.ts'

export const recipe: Recipe = {
  name: 'dialogue',
  year: 2014,
  title: {
    en: "seq2seq with attention on ChatterBot's Chinese dialogues, learned by heart",
    zh: '带注意力的 seq2seq，背下 ChatterBot 的中文问答',
  },
  datasets: ['chatterbot-zh'],
  seeds: 1,
  measures: [
    { name: 'known', title: 'share of 100 questions answered as in the corpus, %', better: 'higher' },
    { name: 'validationLoss', title: 'validation loss, nats per token', better: 'lower' },
  ],
  remarks: `The questions are those that were learned from, so the share says how well the model remembers, not how well it talks. The
validation loss, on pairs held out, says how little there is to learn from 400 of them. The last weights are kept: those
of step 300, whose validation loss was the lowest of a run of 900, know 38 of the 100 answers.`,
  async run(context) {
    const task = await pairTask(findDataset('chatterbot-zh'), await context.dataset('chatterbot-zh'))
    const questions = [...new Map(task.train.map(pair => [pair.source, pair])).values()].slice(0, 100)
    const { saved, validationLoss } = await learnAndTranslate(context, task, questions.slice(0, 3), {
      modelName: 'seq2seq',
      options: {
        ...{ cell: 'gru', attention: true, channels: 192, dropout: 0.1, smoothing: 0, vocabulary: 1500, context: 200 },
        ...{ steps: 1500, batchTokens: 1024, microBatchTokens: 1024, buckets: 4, warmUp: 100, learningRate: 2e-3 },
        ...{ evaluateEvery: 1500, average: 1 },
      },
    })
    const asked = context.quick ? questions.filter(({ source }) => source.length < 15).slice(0, 3) : questions
    const answers = await translateTexts(
      saved,
      context.runtime,
      asked.map(({ source }) => source),
      { beams: context.quick ? 1 : 4 },
    )
    const known = answers.filter(({ source, text }) =>
      task.train.some(pair => pair.source === source && pair.target === text),
    )
    for (const { source, text } of answers.slice(0, 8)) context.print(`${source} → ${text}`)
    return { known: (100 * known.length) / asked.length, validationLoss }
  },
}
