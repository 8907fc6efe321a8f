import { describe, expect, it, test } from 'vitest'
import { textRecords } from '../data/record-files.ts'
import { RecordProblems } from '../data/records.ts'
import { memoryText } from '../data/text.ts'
import { type FormatOptions, readChatRecords } from './formats.ts'

async function read(records: readonly object[], options?: FormatOptions) {
  const lines = records.map(record => JSON.stringify(record)).join('\n')
  const problems = new RecordProblems()
  const found = []
  const source = textRecords(memoryText(lines, 'my.jsonl'), 'jsonl').records(problems)
  for await (const { where: _, ...example } of readChatRecords(source, problems, options)) found.push(example)
  return { found, problems: problems.first.map(text => text.replace('my.jsonl, ', '')) }
}
const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })
const talk = { kind: 'conversation', messages: [user('你好'), assistant('Hello!')] }
const call = { type: 'function', function: { name: 'add', arguments: { a: 1 } } }
const tool = { name: 'add', parameters: {} }

describe('formats', () => {
  it.each<[string, object, object]>([
    ['text', { text: 'Once' }, { kind: 'text', text: 'Once' }],
    ['completion', { prompt: 'a', completion: 'b' }, { kind: 'completion', prompt: 'a', completion: 'b' }],
    ['messages', { messages: talk.messages }, talk],
    ['messages of a table', { messages: JSON.stringify(talk.messages) }, talk],
    ['prompt and completion as messages', { prompt: [user('你好')], completion: [assistant('Hello!')] }, talk],
    ['alpaca', { instruction: '你好', input: '', output: 'Hello!' }, talk],
    [
      'dolly',
      { instruction: '你', context: '好', response: '!' },
      { kind: 'conversation', messages: [user('你\n\n好'), assistant('!')] },
    ],
    ['gsm8k', { question: '你好', answer: 'Hello!' }, talk],
    [
      'sharegpt',
      {
        conversations: [
          { from: 'human', value: '你好' },
          { from: 'gpt', value: 'Hello!' },
        ],
      },
      talk,
    ],
    [
      'a preference',
      { conversations: [{ from: 'human', value: '你好' }], chosen: { from: 'gpt', value: 'Hello!' }, rejected: 'x' },
      talk,
    ],
    ['labels', { sentence: 'good', label: 1 }, { kind: 'labelled', text: 'good', label: '1' }],
    ['pairs', { premise: 'a', hypothesis: 'b', label: 'x' }, { kind: 'labelled', text: 'a', second: 'b', label: 'x' }],
    [
      'alpaca with its past',
      { instruction: 'c', output: 'd', system: 's', history: [['a', 'b']] },
      {
        kind: 'conversation',
        messages: [{ role: 'system', content: 's' }, user('a'), assistant('b'), user('c'), assistant('d')],
      },
    ],
  ])('reads %s', async (_, record, example) => {
    expect(await read([record])).toEqual({ found: [example], problems: [] })
  })

  it('reads calls of tools and their results, as OpenAI and as ShareGPT write them', async () => {
    const messages = [
      user('1?'),
      { role: 'assistant', content: '', tool_calls: [call] },
      { role: 'tool', content: '2' },
      assistant('2'),
    ]
    const expected = { kind: 'conversation', messages, tools: [{ type: 'function', function: tool }] }
    const openai = [
      user('1?'),
      { role: 'assistant', content: null, tool_calls: [{ function: { name: 'add', arguments: '{"a": 1}' } }] },
      { role: 'tool', content: [{ type: 'text', text: '2' }] },
      assistant('2'),
    ]
    const sharegpt = [
      { from: 'human', value: '1?' },
      { from: 'function_call', value: '{"name": "add", "arguments": {"a": 1}}' },
      { from: 'observation', value: '2' },
      { from: 'gpt', value: '2' },
    ]
    const { found, problems } = await read([
      { messages: openai, tools: [tool] },
      { conversations: sharegpt, tools: JSON.stringify([tool]) },
    ])
    expect(problems).toEqual([])
    expect(found).toEqual([expected, expected])
  })

  it.each<[string, object, string]>([
    [
      'an assistant who begins',
      { messages: [assistant('a'), user('b')] },
      'line 2, turn 1: expected a user who begins, received assistant',
    ],
    [
      'two turns of one speaker',
      { messages: [user('a'), user('b'), assistant('c')] },
      'line 2, turn 2: expected another speaker than before, received user twice',
    ],
    [
      'an empty answer',
      { messages: [user('a'), assistant(' ')] },
      'line 2, turn 2: expected an answer, received an empty one of assistant',
    ],
    [
      'an unknown role',
      { messages: [user('a'), { role: 'bot', content: 'b' }] },
      'line 2, turn 2: expected a role: system, user, assistant, tool, received "bot"',
    ],
    [
      'an unknown speaker',
      { conversations: [{ from: 'alien', value: 'a' }] },
      'line 2, turn 1: expected a speaker: human, user, gpt, assistant, chatgpt, bing, bard, system, tool, observation, function_response, function_call, received "alien"',
    ],
    ['no answer', { messages: [user('a')] }, 'line 2: expected a turn of the assistant, received user'],
    [
      'a result of no call',
      { messages: [user('a'), { role: 'tool', content: 'x' }, assistant('b')] },
      "line 2, turn 2: expected a tool's result after its call, received a result after user",
    ],
    [
      'a missing field',
      { instruction: 'a', input: 'b' },
      'line 2: expected field "output" with a text, received fields instruction, input',
    ],
    [
      'a wrong type',
      { instruction: 'a', output: ['b'] },
      'line 2: expected field "output" with a text, received ["b"]',
    ],
    ['fields of no format', { id: 5 }, 'line 2: expected field "messages" with a list of messages, received nothing'],
  ])('counts %s', async (_, record, message) => {
    const { found, problems } = await read([{ messages: talk.messages }, record])
    expect(found).toEqual([talk])
    expect(problems).toEqual([message])
  })

  it('takes other names of columns', async () => {
    const columns = { instruction: 'frage', output: 'antwort' }
    expect((await read([{ frage: '你好', antwort: 'Hello!' }], { columns })).found).toEqual([talk])
    const { problems } = await read([{ frage: '你好', antwort: 'Hello!' }, { frage: 'a' }], { columns })
    expect(problems).toEqual(['line 2: expected a column "antwort", received fields frage'])
    await expect(read([{ frage: 'a' }], { columns })).rejects.toThrow(
      'line 1 expected a column "antwort". Received fields frage.',
    )
  })
})

test('fields of no format are refused, with those that are there', async () => {
  await expect(read([{ id: 1, body: 'x' }])).rejects.toThrow(
    /line 1 expected fields of a format: messages \(.*Received fields id, body\. Give its columns the names of one of these\./,
  )
  await expect(read([{ Text: 'a', Label: 'x' }])).rejects.toThrow('Write the names of its columns in small letters.')
  await expect(read([{ 'text;label': 'a;x' }])).rejects.toThrow(
    'Are its cells separated by ";"? Write commas in a .csv',
  )
})
