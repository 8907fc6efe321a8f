import { expect, test } from 'vitest'
import { textRecords } from '../data/record-files.ts'
import { RecordProblems } from '../data/records.ts'
import { memoryText } from '../data/text.ts'
import { readChatRecords } from './formats.ts'

async function read(text: string, format: 'jsonl' | 'csv') {
  const problems = new RecordProblems()
  const found = []
  const source = textRecords(memoryText(text, `my.${format}`), format).records(problems)
  for await (const { where: _, ...example } of readChatRecords(source, problems)) found.push(example)
  return { found, problems: problems.first }
}
const choice = { kind: 'choice', text: 'a', choices: ['b', 'c'], label: 1 }

test.each<[string, object, object]>([
  ['HellaSwag', { ctx: 'a', endings: ['b', 'c'], label: '1' }, choice],
  ['SWAG', { startphrase: 'a', ending0: 'b', ending1: 'c', label: 1 }, choice],
  ['RACE', { article: 'a', question: 'q', options: ['b', 'c'], answer: 'B' }, { ...choice, second: 'q' }],
  ['ARC', { question: 'a', choices: { text: ['b', 'c'], label: ['1', '2'] }, answerKey: '2' }, choice],
  ['MMLU', { question: 'a', subject: 's', choices: ['b', 'c'], answer: 1 }, choice],
  ['PIQA', { goal: 'a', sol1: 'b', sol2: 'c', label: 1 }, choice],
  ['COPA', { premise: 'a', choice1: 'b', choice2: 'c', question: 'cause', label: 1 }, { ...choice, second: 'cause' }],
  ['letters', { question: 'a', A: 'b', B: 'c', answer: 'B' }, choice],
  ['words', { question: 'a', options: ['b', 'c'], answer: 'c' }, choice],
  ['a label is a number first', { text: 'a', choices: ['1', '0'], label: '1' }, { ...choice, choices: ['1', '0'] }],
  ['an answer is words first', { text: 'a', choices: ['0', '1'], answer: '1' }, { ...choice, choices: ['0', '1'] }],
])('reads %s', async (_, record, expected) => {
  expect(await read(JSON.stringify(record), 'jsonl')).toEqual({ found: [expected], problems: [] })
})

test('tables hold choices in columns, or as a list', async () => {
  const columns = 'context,question,choice_1,choice_2,choice_10,label\n上文,问,甲,"乙,丙",丁,2\n'
  const expected = { kind: 'choice', text: '上文', second: '问', choices: ['甲', '乙,丙', '丁'], label: 2 }
  expect((await read(columns, 'csv')).found).toEqual([expected])
  const list = 'context,question,choices,answer\n上文,问,"[""甲"",""乙,丙"",""丁""]",丁\n'
  expect((await read(list, 'csv')).found).toEqual([expected])
})

test.each<[object, string]>([
  [
    { text: 'a', choices: ['b', 'c'], label: 2 },
    'the right choice in "label": its number from 0 to 1, its letter, or its words, received 2',
  ],
  [{ text: 'a', choices: ['b', 'c'], answer: 'C' }, 'its letter, or its words, received "C"'],
  [{ text: 'a', choices: ['b'], label: 0 }, 'at least two choices, received 1'],
  [{ text: 'a', choices: ['b', 3], label: 0 }, 'field "choices" with a list of texts, received ["b",3]'],
  [{ text: 'a', choice1: 'b', choice2: '', label: 0 }, 'a choice, received an empty "choice2"'],
  [{ choices: ['b', 'c'], label: 0 }, 'field "question" with a text, received fields choices, label'],
])('%j is a problem', async (record, message) => {
  const { found, problems } = await read(JSON.stringify(record), 'jsonl')
  expect(found).toEqual([])
  expect(problems[0]).toContain(message)
})

test('what has no choices is what it was', async () => {
  const { found } = await read('{"question": "a", "answer": "b"}\n{"text": "a", "label": "b"}\n{"text": "a"}', 'jsonl')
  expect(found.map(({ kind }) => kind)).toEqual(['conversation', 'labelled', 'text'])
})
