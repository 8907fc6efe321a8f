import { expect, test } from 'vitest'
import { wordPieceVocabulary } from '../tokenizers/word-piece.ts'
import { questionRow, questionWindows, taggedRow } from './bert-task-rows.ts'
import { isSquad, readSquad } from './questions.ts'
import { RecordProblems } from './records.ts'
import { readTaggedWords, stretchesOfTags } from './tagged-words.ts'
import { memoryText } from './text.ts'

const pieces = ['play', '##ing', 'the', 'cat', ',', '小', '猫', '在', '睡', 'who', 'sleeps', '?']
const tokenizer = wordPieceVocabulary(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...pieces].join('\n'))
const id = (token: string) => tokenizer.encode(token)[0]

test('CoNLL: first and last column, sentences between empty lines, faults with their lines', async () => {
  const text =
    '-DOCSTART- -X- O O\n\nEU NNP I-NP B-ORG\nrejects VBZ I-VP O\n\n# newdoc\n# text = 小 猫\n小\tB-ANIMAL\n猫\tI-ANIMAL\n\nlonely\ncat O\n'
  const problems = new RecordProblems()
  expect(await readTaggedWords(memoryText(text, 'a.conll'), problems)).toEqual([
    { words: ['EU', 'rejects'], tags: ['B-ORG', 'O'] },
    { words: ['小', '猫'], tags: ['B-ANIMAL', 'I-ANIMAL'] },
  ])
  expect(problems.first).toEqual(['a.conll, line 11: expected a word and its tag, received "lonely"'])
})

test('names of tags, as conlleval counts them', () => {
  const of = (tags: string) => stretchesOfTags(tags.split(' ')).map(({ kind, first, end }) => `${kind} ${first}-${end}`)
  expect(of('B-A I-A O B-B B-B I-B')).toEqual(['A 0-2', 'B 3-4', 'B 4-6'])
  expect(of('I-A I-A I-B O')).toEqual(['A 0-2', 'B 2-3'])
  expect(of('S-A B-A E-A O')).toEqual(['A 0-1', 'A 1-3'])
  expect(of('O O')).toEqual([])
})

test('the first piece of a word has its tag', () => {
  const { ids, answers } = taggedRow(
    { words: ['the', 'playing', 'cat'], tags: ['O', 'B-X', 'Y'] },
    ['O', 'B-X'],
    tokenizer,
    16,
  )
  expect(Array.from(ids)).toEqual([2, id('the'), id('play'), 6, id('cat'), 3])
  expect(Array.from(answers!)).toEqual([-1, 0, 1, -1, -1, -1])
  const cut = taggedRow({ words: ['the', 'playing', 'cat'], tags: ['O', 'O', 'O'] }, ['O'], tokenizer, 5)
  expect(Array.from(cut.ids)).toEqual([2, id('the'), id('play'), 6, 3])
})

const squad = (context: string, text: string, start: number, more: object[] = []) => ({
  data: [
    {
      paragraphs: [
        { context, qas: [{ id: '1', question: 'who sleeps?', answers: [{ text, answer_start: start }] }, ...more] },
      ],
    },
  ],
})

test('SQuAD: answers where they stand, by code points; others are counted', () => {
  const problems = new RecordProblems()
  const unanswered = { id: '2', question: 'why?', answers: [], is_impossible: true }
  const value = squad('😀 小猫在睡', '小猫', 2, [
    unanswered,
    { id: '3', question: 'q', answers: [{ text: '猫', answer_start: 0 }] },
  ])
  expect(isSquad(value)).toBe(true)
  const read = readSquad(value, 'a.json', problems)
  expect(read.unanswered).toBe(1)
  expect(read.questions).toEqual([
    { question: 'who sleeps?', text: '😀 小猫在睡', answer: { start: 3, end: 5 }, answers: ['小猫'] },
  ])
  expect(problems.first).toEqual([
    'a.json, question "3": expected the answer "猫" at "answer_start", received "😀"'.replace(
      '"😀"',
      JSON.stringify('😀'[0]),
    ),
  ])
})

test('places of an answer, in a window of the text', () => {
  const [asked] = readSquad(squad('the cat, 小猫在睡', '小猫', 9), 'a', new RecordProblems()).questions
  const { ids, answers } = questionRow(asked, tokenizer, 32)
  expect(Array.from(answers!, place => ids[place])).toEqual([id('小'), id('猫')])
  const windows = questionWindows(asked, tokenizer, 10)
  expect(windows.every(window => window.ids.length <= 10)).toBe(true)
  expect(new Set(windows.flatMap(({ starts }) => starts)).size).toBe(7)
  const narrow = questionRow(asked, tokenizer, 10)
  expect(Array.from(narrow.answers!, place => narrow.ids[place])).toEqual([id('小'), id('猫')])
})
