import { afterAll, describe, expect, test } from 'vitest'
import { tinyLanguageModel } from '../../test/tiny-language-model.ts'
import type { AnswerExample, ChoiceExample, Task, TaskData, TaskExample } from '../data/task.ts'
import { generate, length } from '../generation/generate.ts'
import { greedyWriter } from '../generation/greedy-writer.ts'
import { naivePredictor } from '../generation/predictor.ts'
import { greedy } from '../generation/sampling.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { evaluateLanguageModel, type Outcome } from './language-task.ts'
import { scoreTokens } from './score.ts'
import { answerOf, promptWithShots, shotOf } from './shots.ts'
import { taskMetrics } from './task-metrics.ts'

const text = '问：天下大势？答：分合。\nto be, or not to be? 0123456789'
const tokenizer = await trainCharacters([text])
const loaded = { ...tinyLanguageModel({ vocabulary: tokenizer.vocabularySize, context: 48 }), tokenizer }
const model = { ...loaded, writer: greedyWriter(loaded) }
afterAll(() => model.writer.release())
const english: Task = { name: 'a', language: 'en', form: 'choices', reported: 'test', joint: ' ' }
const chinese: Task = { ...english, language: 'zh', form: 'answers', joint: '', answerTokens: 6 }
const dataOf = (test: readonly TaskExample[], train: readonly TaskExample[] = []): TaskData => ({
  parts: { train, validation: [], test },
})

const choices: readonly ChoiceExample[] = [
  { prompt: 'to be, or not', choices: ['to', 'to be', 'be, to be'], label: 1 },
  { prompt: 'to be', choices: ['or not', 'be'], label: 0 },
]
const answers: readonly AnswerExample[] = [
  { prompt: '问：天下？答：', answer: '分合', group: 'a' },
  { prompt: '问：大势？答：', answer: '合', group: 'b' },
  { prompt: '问：天下大势？答：', answer: '分', group: 'a' },
]

test('choices are scored as each whole text is, and chosen by sum and by byte', async () => {
  const { outcomes } = await evaluateLanguageModel(model, english, dataOf(choices))
  for (const [i, { prompt, choices: own }] of choices.entries()) {
    const sums: number[] = []
    for (const choice of own) {
      const scores = await scoreTokens(model, tokenizer.encode(`${prompt} ${choice}`))
      sums.push(scores.slice(prompt.length - 1).reduce((sum, value) => sum + value, 0))
    }
    for (const [j, value] of sums.entries()) expect(outcomes[i].logProbabilities![j]).toBeCloseTo(value, 4)
    const byByte = sums.map((value, j) => value / own[j].length)
    expect(outcomes[i].prediction).toBe(sums.indexOf(Math.max(...sums)))
    expect(outcomes[i].predictionByByte).toBe(byByte.indexOf(Math.max(...byByte)))
  }
})

test('over the prior, a choice counts by how much likelier the text makes it', async () => {
  const films = [
    { prompt: 'to be or be', choices: ['or', 'not', 'to'], label: 1, neutral: 'be' },
    { prompt: 'not to be', choices: ['or', 'to', 'be'], label: 0, neutral: 'be' },
  ]
  const { outcomes } = await evaluateLanguageModel(model, { ...english, form: 'classes' }, dataOf(films))
  for (const [i, { choices: own, prompt, neutral }] of films.entries()) {
    const gains: number[] = []
    for (const choice of own) {
      const [after, alone] = [prompt, neutral].map(async before => {
        const scores = await scoreTokens(model, tokenizer.encode(`${before} ${choice}`))
        return scores.slice(before.length - 1).reduce((sum, value) => sum + value, 0)
      })
      gains.push((await after) - (await alone))
    }
    expect(outcomes[i].predictionOverPrior).toBe(gains.indexOf(Math.max(...gains)))
  }
  expect(taskMetrics('choices', outcomes).map(({ name }) => name)).toContain('accuracy over prior')
  const without = await evaluateLanguageModel(model, english, dataOf([films[0], choices[0]]))
  expect(taskMetrics('choices', without.outcomes).map(({ name }) => name)).not.toContain('accuracy over prior')
})

test('answers are what the naive loop writes greedily, with shots', async () => {
  const options = { shots: 1, seed: 4 }
  const { outcomes } = await evaluateLanguageModel(
    model,
    chinese,
    dataOf(answers, [...answers, { ...answers[1], prompt: '问：势？答：' }]),
    options,
  )
  const predictor = naivePredictor(model)
  for (const [i, { prompt, predicted, match }] of outcomes.entries()) {
    let written = ''
    const how = { sample: [greedy], stopWhen: [length(6)], stopStrings: ['\n'] }
    for await (const piece of generate(predictor, tokenizer, [...tokenizer.encode(prompt!)], how)) written += piece.text
    expect(predicted).toBe(written.trim())
    expect(match).toBe(written.trim() === answers[i].answer)
  }
  await predictor.release()
})

test('a long prompt is cut from the left, and leaves room for the answer', async () => {
  const long = { ...answers[0], prompt: `${'天'.repeat(60)}${answers[0].prompt}` }
  const { outcomes } = await evaluateLanguageModel(model, chinese, dataOf([long]))
  expect(outcomes[0].cut).toBe(long.prompt.length - (48 - 6))
})

describe('shots', () => {
  test('are shown with their answers, of the same group, never the example itself', () => {
    expect(shotOf(chinese, answers[0])).toBe('问：天下？答：分合')
    expect(shotOf(english, choices[0])).toBe('to be, or not to be')
    const options = { pool: answers, shots: 2, seed: 1, number: 0 }
    const shown = promptWithShots(chinese, answers[1], options)
    expect(shown.split('\n\n')).toHaveLength(3)
    expect(shown.endsWith(`\n\n${answers[1].prompt}`)).toBe(true)
    expect(shown.split(answers[1].prompt)).toHaveLength(2)
    expect(promptWithShots(chinese, answers[1], options)).toBe(shown)
    expect(promptWithShots(chinese, answers[1], { ...options, shots: 0 })).toBe(answers[1].prompt)
    const numbers = Array.from({ length: 50 }, (_, i): AnswerExample => ({ prompt: `${i}?`, answer: `${i}` }))
    const of = (seed: number) => promptWithShots(chinese, answers[0], { pool: numbers, shots: 5, seed, number: 3 })
    expect(of(1)).not.toBe(of(2))
  })

  test('a score is shown as the nearest choice', () => {
    const score = { prompt: 'a', text: 'a', choices: ['0', '1', '2'] }
    expect([0.4, 1.6, 2].map(value => answerOf({ ...score, score: value }))).toEqual(['0', '2', '2'])
  })

  test('come from the group of the example', async () => {
    const { outcomes } = await evaluateLanguageModel(model, chinese, dataOf([answers[2]], answers), { shots: 1 })
    expect(outcomes[0].prompt).toBe(`${answers[0].prompt}分合\n\n${answers[2].prompt}`)
  })
})

test('an answer that a task takes out is a number, with its sign and point', async () => {
  const numbers = new Map(Object.entries({ 1: '2.5', be: '25', to: '-2.5' }))
  const sums: Task = { ...chinese, extract: answer => numbers.get(answer) }
  const writer = { ...model.writer, write: async () => '1' }
  const matchOf = async (answer: string) => {
    const { outcomes } = await evaluateLanguageModel({ ...model, writer }, sums, dataOf([{ prompt: 'to be', answer }]))
    return outcomes[0].match
  }
  expect([await matchOf('1'), await matchOf('be'), await matchOf('to')]).toEqual([true, false, false])
})

test('a long answer leaves half of the context to the prompt, of which no more is cut than must be', async () => {
  const long: Task = { ...chinese, answerTokens: 40 }
  const { outcomes } = await evaluateLanguageModel(
    model,
    long,
    dataOf([
      { prompt: 'to be or not to be', answer: '分' },
      { prompt: 'to be, or not to be, or not to be', answer: '分' },
    ]),
  )
  expect(outcomes.map(({ cut }) => cut)).toEqual([0, 33 - 24])
})

test('examples of the same prompt are not shown, nor counted as if they could be', async () => {
  const twins = [choices[0], choices[0], choices[1]]
  const few = evaluateLanguageModel(model, english, dataOf(twins), { shots: 2 })
  await expect(few).rejects.toThrow('at most 1, the examples with other prompts that there are to show. Received 2')
  const { outcomes } = await evaluateLanguageModel(
    model,
    english,
    { parts: { train: choices, validation: [], test: [] } },
    { part: 'train', shots: 1 },
  )
  expect(outcomes[1].prompt).toBe(`${choices[0].prompt} to be\n\n${choices[1].prompt}`)
})

test('what cannot be asked', async () => {
  await expect(evaluateLanguageModel(model, english, dataOf([]))).rejects.toThrow('expected a part that has examples')
  const foreign = dataOf([choices[0], { ...choices[1], prompt: '魏' }])
  await expect(evaluateLanguageModel(model, english, foreign)).rejects.toThrow('"魏" (U+9B4F)')
  const skipped = await evaluateLanguageModel(model, english, foreign, { skipForeign: true })
  expect([skipped.outcomes.length, skipped.foreign]).toEqual([1, 1])
  const none = dataOf([{ ...choices[1], prompt: '魏' }])
  await expect(evaluateLanguageModel(model, english, none, { skipForeign: true })).rejects.toThrow(
    'expected examples that the vocabulary of the model can write. Received none in 1',
  )
  const few = dataOf(answers.slice(0, 1), answers)
  await expect(evaluateLanguageModel(model, chinese, few, { shots: 2 })).rejects.toThrow(
    'at most 1, the examples with other prompts',
  )
})

describe('metrics of a task', () => {
  const outcome = (fields: Partial<Outcome>): Outcome => ({ example: 0, expected: '', predicted: '', ...fields })
  const shown = (form: Task['form'], outcomes: Outcome[], classes?: string[]) =>
    taskMetrics(form, outcomes, { classes }).map(({ name, value, examples }) => [name, value, examples])

  test('of classes', () => {
    const outcomes = [
      [0, 0],
      [1, 1],
      [1, 0],
      [1, 1],
    ].map(([label, prediction]) => outcome({ label, prediction, predictionByByte: 1 }))
    expect(shown('classes', outcomes, ['no', 'yes'])).toEqual([
      ['accuracy', 0.75, 4],
      ['accuracy by byte', 0.75, 4],
      ['F1 (yes)', 0.8, 4],
      ['macro F1', expect.closeTo((0.8 + 2 / 3) / 2, 12), 4],
      ['Matthews', expect.closeTo(Math.sqrt(1 / 3), 12), 4],
    ])
    expect(shown('choices', outcomes).map(([name]) => name)).toEqual(['accuracy', 'accuracy by byte'])
  })

  test('of scores, answers and last words', () => {
    const scores = [1, 2, 3].map(score => outcome({ score, predictedScore: score ** 2 }))
    const [pearson, spearman] = shown('scores', scores)
    expect(pearson[1]).toBeCloseTo(0.98974, 5)
    expect(spearman).toEqual(['Spearman', 1, 3])
    const given = [outcome({ match: true, f1: 1, group: 'a' }), outcome({ match: false, f1: 0.5, group: 'b' })]
    expect(shown('answers', given)).toEqual([
      ['exact match', 0.5, 2],
      ['token F1', 0.75, 2],
      ['exact match (a)', 1, 1],
      ['exact match (b)', 0, 1],
    ])
    const words = [outcome({ match: true, logProbability: -1 }), outcome({ match: false, logProbability: -3 })]
    expect(shown('last-word', words)).toEqual([
      ['accuracy', 0.5, 2],
      ['perplexity', expect.closeTo(Math.exp(2), 12), 2],
    ])
  })
})
