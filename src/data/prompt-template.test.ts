import { expect, test } from 'vitest'
import { jointOf, promptTemplate, reworded } from './prompt-template.ts'
import type { Task, TaskExample } from './task.ts'

const task: Task = { name: 'films', language: 'en', form: 'classes', reported: 'test', joint: ' ' }
const data = (...test: TaskExample[]) => ({ parts: { train: [], validation: [], test } })
const film = { prompt: 'fine\nPositive?', choices: ['no', 'yes'], label: 1, text: 'fine' }
const pair = { ...film, second: 'great' }

test('texts stand in their places, whatever they hold', () => {
  expect(promptTemplate('{text} very')({ text: 'fine' })).toBe('fine very')
  expect(promptTemplate('{second}: {text}, {second}')({ text: '$& {second}', second: 'b' })).toBe('b: $& b, b')
  expect(['a', '好', '"好'].map(choice => jointOf([choice]))).toEqual([' ', '', ' '])
})

test('a task is asked in other words', () => {
  const words = { prompt: '{text}非常', choices: ['差', '好'] }
  const read = reworded(task, data(film), words)
  expect(read.data.parts.test).toEqual([{ ...film, prompt: 'fine非常', choices: ['差', '好'], neutral: '非常' }])
  expect(read.task).toEqual({ ...task, joint: '' })
  expect(reworded(task, data(film), { prompt: '{text} very' }).data.parts.test).toMatchObject([
    { choices: ['no', 'yes'] },
  ])
  expect(reworded(task, data(film), { choices: ['a', 'b'] }).data.parts.test).toMatchObject([{ prompt: film.prompt }])
  const endings = { prompt: 'It', choices: ['ran', 'sat'], label: 0 }
  const choosing = reworded({ ...task, form: 'choices' }, data(endings), { prompt: '{text} then' })
  expect(choosing.data.parts.test).toEqual([{ ...endings, prompt: 'It then', neutral: 'then' }])
})

test.each<[string, () => unknown, string]>([
  ['no place', () => promptTemplate('very'), 'Option --prompt expected a text with {text}, and perhaps {second}.'],
  ['another place', () => promptTemplate('{text} {label}'), 'Received {label}.'],
  ['no second text', () => reworded(task, data(film), { prompt: '{text} {second}' }), 'expected no {second}'],
  [
    'fewer choices',
    () => reworded(task, data(pair), { choices: ['a'] }),
    'expected 2, one for each of no, yes. Received a.',
  ],
  [
    'choices of its own',
    () => reworded({ ...task, form: 'choices' }, data(film), { choices: ['a', 'b'] }),
    'Option --choices expected none: each example has its own.',
  ],
  [
    'answers',
    () => reworded({ ...task, form: 'answers' }, data({ prompt: 'a', answer: 'b' }), { prompt: '{text}' }),
    'expected a task of classes, scores or choices, whose texts can be asked in other words. Received films.',
  ],
])('%s is refused', (_, run, message) => {
  expect(run).toThrow(message)
})
