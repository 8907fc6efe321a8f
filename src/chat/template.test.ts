import { describe, expect, it, test } from 'vitest'
import type { Conversation } from './conversation.ts'
import { shortChatTemplate } from './default-template.ts'
import { ChatTemplate } from './template.ts'

const hello: Conversation = {
  messages: [
    { role: 'user', content: 'Hello' },
    { role: 'assistant', content: 'Hi' },
  ],
}

test('a template that does not parse is refused, with the words of the library', () => {
  expect(() => new ChatTemplate('{% for message in messages %}{{ message.content }}')).toThrow(
    /The chat template expected Jinja\. Received ".+"\. Is it whole, and every block of it closed\?/,
  )
})

test('a template that raises says why', () => {
  const template = new ChatTemplate("{{ raise_exception('Only system, please') }}")
  expect(() => template.render(hello)).toThrow(
    'The chat template expected a conversation that it can write. Received "Only system, please".',
  )
})

describe('answers', () => {
  const answersOf = (source: string, conversation = hello) => {
    const { text, answers } = new ChatTemplate(source).renderAnswers(conversation, ['<end>'])
    return answers.map(({ begin, end }) => text.slice(begin, end))
  }
  const turns = '{% for m in messages %}{{ m.role }}: {{ m.content }}<end>\n{% endfor %}'
  const prompt = "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"

  it('end with the token that ends a turn', () => {
    expect(answersOf(turns + prompt)).toEqual(['Hi<end>'])
  })

  it('are the same with characters for private use in the text, as formulas have them', () => {
    const marked =
      '{% for m in messages %}{{ m.role }}: {% generation %}{{ m.content }}<end>{% endgeneration %}{% endfor %}'
    const content = Array.from({ length: 40 }, (_, i) => String.fromCharCode(0xf8ff - i)).join('x')
    const odd: Conversation = { messages: [{ role: 'assistant', content }] }
    expect(answersOf(marked, odd)).toEqual([`${content}<end>`])
    expect(new ChatTemplate(marked).renderAnswers(odd, []).text).toBe(`assistant: ${content}<end>`)
  })

  it('begin with the speaker where the template has no prompt for the assistant', () => {
    expect(answersOf(turns)).toEqual(['assistant: Hi<end>'])
  })

  it('are found where another says the same', () => {
    const messages = [...hello.messages, { role: 'user', content: 'Hi' }, { role: 'assistant', content: 'Hi' }] as const
    expect(answersOf(turns + prompt, { messages })).toEqual(['Hi<end>', 'Hi<end>'])
  })

  it('stand in texts of their own where a template writes thoughts in the last turn only', () => {
    const thinking = new ChatTemplate(
      "{% for m in messages %}{{ m.role }}: {% if m.role == 'assistant' and loop.last %}<think></think>{% endif %}{{ m.content }}<end>\n{% endfor %}" +
        prompt,
    )
    const messages = [
      ...hello.messages,
      { role: 'user', content: 'Bye' },
      { role: 'assistant', content: 'See you' },
    ] as const
    const found = thinking.renderAnswersApart({ messages }, ['<end>'])
    expect(found.map(({ text, answers: [{ begin, end }] }) => [text.slice(0, begin), text.slice(begin, end)])).toEqual([
      ['user: Hello<end>\nassistant: ', '<think></think>Hi<end>'],
      ['user: Hello<end>\nassistant: Hi<end>\nuser: Bye<end>\nassistant: ', '<think></think>See you<end>'],
    ])
    expect(thinking.renderAnswersApart(hello, ['<end>'])).toEqual([thinking.renderAnswers(hello, ['<end>'])])
    const plain = new ChatTemplate(turns + prompt)
    expect(plain.renderAnswersApart({ messages }, ['<end>'])).toEqual([plain.renderAnswers({ messages }, ['<end>'])])
    const opened = new ChatTemplate(`${turns}{% if add_generation_prompt %}{{ 'assistant: <think>' }}{% endif %}`)
    expect(() => opened.renderAnswersApart(hello, ['<end>'])).toThrow('turn 2, expected a text that is the same')
  })

  it('cannot be found where a template writes earlier turns in another way', () => {
    const forgetful = '{% for m in messages %}{% if loop.last %}{{ m.content }}{% else %}-{% endif %}{% endfor %}'
    expect(() => answersOf(forgetful)).toThrow('turn 2, expected a text that is the same whatever follows')
  })
})

test('the short template: one token a turn, and no place for what it cannot write', () => {
  const template = new ChatTemplate(shortChatTemplate)
  const { text, answers } = template.renderAnswers(hello, ['<|end|>'])
  expect(text).toBe('<|user|>Hello<|assistant|>Hi<|end|>')
  expect(answers.map(({ begin, end }) => text.slice(begin, end))).toEqual(['Hi<|end|>'])
  const asked = { messages: [{ role: 'system', content: 'Be brief.' }, hello.messages[0]] } as const
  expect(template.render(asked, { addGenerationPrompt: true })).toBe('<|system|>Be brief.<|user|>Hello<|assistant|>')
  expect(() => template.render({ messages: [{ role: 'tool', content: '3' }] })).toThrow(/knows no role tool/)
})
