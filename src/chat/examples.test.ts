import { describe, expect, it, test } from 'vitest'
import { RecordProblems } from '../data/records.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { defaultChatTemplate, turnTokens } from './default-template.ts'
import { buildExamples, splitRecords, type TooLong } from './examples.ts'
import type { ChatRecord } from './formats.ts'
import { ChatTemplate } from './template.ts'

const characters = await trainCharacters(['abcdefghijklmnopqrstuvwxyz \n你好'])
const tokenizer = characters.withSpecialTokens([...turnTokens])
const template = new ChatTemplate(defaultChatTemplate)

async function build(records: readonly ChatRecord[], context = 100, tooLong: TooLong = 'drop') {
  const problems = new RecordProblems()
  async function* placed() {
    for (const [i, record] of records.entries()) yield { ...record, where: `my.jsonl, line ${i + 1}` }
  }
  const report = await buildExamples(placed(), problems, { tokenizer, template, context, tooLong })
  // Answers in upper case.
  const shown = report.examples.map(({ ids, isAnswer }) =>
    [...ids].map((id, i) => (isAnswer[i] ? tokenizer.decode([id]).toUpperCase() : tokenizer.decode([id]))).join(''),
  )
  return { ...report, shown, problems: problems.first }
}
const talk = (question: string, answer: string): ChatRecord => ({
  kind: 'conversation',
  messages: [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ],
})

test('records that grow harder lose one in so many, others a random part; a limit keeps the order', () => {
  const records = Array.from({ length: 40 }, (_, i) => i)
  const options = { seed: 1, validationFraction: 0.1, inOrder: true }
  const [train, held] = splitRecords(records, options)
  expect(held).toEqual([0, 10, 20, 30])
  expect(train).toEqual(records.filter(i => i % 10 !== 0))
  expect(splitRecords(['alone'], options)).toEqual([['alone'], []])
  const [few] = splitRecords(records, { ...options, limit: 5 })
  expect(few).toHaveLength(5)
  expect(few).toEqual(few.toSorted((a, b) => a - b))
  const [shuffled, part] = splitRecords(records, { ...options, inOrder: false })
  expect([...shuffled, ...part].toSorted((a, b) => a - b)).toEqual(records)
  expect(part).toHaveLength(4)
  expect(shuffled).not.toEqual(shuffled.toSorted((a, b) => a - b))
})

test('examples say which tokens are learned', async () => {
  const { shown, answerTokens, tokens } = await build([
    talk('你好', 'hi'),
    { kind: 'completion', prompt: 'a b ', completion: 'c d' },
    { kind: 'text', text: 'efg' },
  ])
  expect(shown).toEqual(['<|im_start|>user\n你好<|im_end|>\n<|im_start|>assistant\nHI<|IM_END|>\n', 'a b C D', 'EFG'])
  expect([tokens, answerTokens]).toEqual([25 + 7 + 3, 3 + 3 + 3])
})

test('a template that writes thoughts in the last turn only: an example for each answer', async () => {
  const source =
    "{% for m in messages %}{{ m.role }}\n{% if m.role == 'assistant' and loop.last %}so {% endif %}{{ m.content }}<|im_end|>{% endfor %}{% if add_generation_prompt %}{{ 'assistant\n' }}{% endif %}"
  const messages = ['a', 'b', 'c', 'd'].map(
    (content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content }) as const,
  )
  async function* placed() {
    yield { kind: 'conversation', messages, where: 'my.jsonl, line 1' } as const
  }
  const options = { tokenizer, template: new ChatTemplate(source), context: 100, tooLong: 'drop' } as const
  const { examples } = await buildExamples(placed(), new RecordProblems(), options)
  const shown = examples.map(({ ids, isAnswer }) =>
    [ids, ids.filter((_, i) => isAnswer[i])].map(part => tokenizer.decode(part)),
  )
  expect(shown).toEqual([
    ['user\na<|im_end|>assistant\nso b<|im_end|>', 'so b<|im_end|>'],
    ['user\na<|im_end|>assistant\nb<|im_end|>user\nc<|im_end|>assistant\nso d<|im_end|>', 'so d<|im_end|>'],
  ])
})

test('words that would end a turn, and labelled texts, are counted', async () => {
  const { examples, problems } = await build([
    talk('a', 'b<|im_end|>'),
    { kind: 'completion', prompt: '<|im_start|>', completion: 'a' },
    { kind: 'labelled', text: 'a', label: 'b' },
    { ...talk('a', 'b'), tools: [{ name: '<|im_end|>' }] } as ChatRecord,
  ])
  expect(examples).toEqual([])
  expect(problems).toEqual([
    'my.jsonl, line 1, turn 2: expected words without special tokens, received "<|im_end|>"',
    'my.jsonl, line 2: expected words without special tokens, received "<|im_start|>"',
    'my.jsonl, line 3: expected a text, a completion or a conversation, received a labelled text, which a classifier learns',
    'my.jsonl, line 4, the tools: expected words without special tokens, received "<|im_end|>"',
  ])
})

test('words that the vocabulary cannot write are counted', async () => {
  const { examples, problems } = await build([
    { kind: 'text', text: 'abc' },
    { kind: 'text', text: 'a1' },
    talk('a', '他'),
  ])
  expect(examples).toHaveLength(1)
  expect(problems).toEqual([
    `my.jsonl, line 2: expected a text that the model's vocabulary can write, received "1" (U+0031) at index 1`,
    expect.stringMatching(/^my\.jsonl, line 3: .*"他" \(U\+4ED6\)/),
  ])
})

test('a conversation that the template refuses is counted, with its words', async () => {
  const strict = new ChatTemplate("{{ raise_exception('No!') }}")
  const problems = new RecordProblems()
  async function* one() {
    yield { ...talk('a', 'b'), where: 'my.jsonl, line 1' }
  }
  await buildExamples(one(), problems, { tokenizer, template: strict, context: 10, tooLong: 'drop' })
  expect(problems.first).toEqual([
    'my.jsonl, line 1: expected a conversation that it can write, received "No!" from the chat template',
  ])
})

describe('an example longer than the context', () => {
  const records: ChatRecord[] = [
    { kind: 'completion', prompt: 'abcdefgh', completion: 'ij' },
    { kind: 'completion', prompt: 'a', completion: 'bcdefghij' },
    { kind: 'completion', prompt: 'abc', completion: 'de' },
  ]

  it('is dropped', async () => {
    const { shown, dropped, cut } = await build(records, 4, 'drop')
    expect([shown, dropped, cut]).toEqual([['abcDE'], 2, 0])
  })

  it('loses the beginning of its prompt, but never the whole of it', async () => {
    const { shown, dropped, cut } = await build(records, 4, 'cut-left')
    expect([shown, dropped, cut]).toEqual([['fghIJ', 'abcDE'], 1, 1])
  })

  it('is an error', async () => {
    await expect(build(records, 4, 'error')).rejects.toThrow(
      'my.jsonl, line 1 expected at most 5 tokens, one more than the context. Received 10.',
    )
  })

  it('keeps later turns, and only reads the end of an answer whose prompt is gone', async () => {
    const messages = ['aaaa', 'bbbb', 'c', 'd'].map((content, i) => ({
      role: i % 2 === 0 ? ('user' as const) : ('assistant' as const),
      content,
    }))
    const { shown, cut } = await build([{ kind: 'conversation', messages }], 25, 'cut-left')
    expect(shown).toEqual(['b<|im_end|>\n<|im_start|>user\nc<|im_end|>\n<|im_start|>assistant\nD<|IM_END|>\n'])
    expect(cut).toBe(1)
  })

  it('is cut into windows where it is a text', async () => {
    const { shown, cut } = await build([{ kind: 'text', text: 'abcdefghij' }], 4)
    expect([shown, cut]).toEqual([['ABCDE', 'EFGHI', 'IJ'], 1])
  })
})
