import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { conversationTokens } from '../src/chat/answer-tokens.ts'
import type { Conversation } from '../src/chat/conversation.ts'
import { defaultChatTemplate } from '../src/chat/default-template.ts'
import { ChatTemplate } from '../src/chat/template.ts'
import { tokenizerFromJSON } from '../src/tokenizers/huggingface.ts'
import type { Tokenizer } from '../src/tokenizers/tokenizer.ts'

interface Case extends Conversation {
  readonly template: string
  readonly title: string
  readonly tools: Conversation['tools']
  readonly text: string
  readonly prompt: string
  readonly ids: readonly number[]
  readonly mask: readonly number[]
}
interface Golden {
  readonly specialTokens: Readonly<Record<string, string>>
  readonly tokenizer: object
  readonly templates: Readonly<Record<string, string>>
  readonly cases: readonly Case[]
}
const golden: Golden = JSON.parse(readFileSync(new URL('./goldens/chat-templates.json', import.meta.url), 'utf8'))
const { specialTokens } = golden
const tokenizer = tokenizerFromJSON(golden.tokenizer, { eos_token: '</s>' })
const conversationOf = ({ messages, tools }: Case): Conversation => ({ messages, ...(tools && { tools }) })

test('the default template is the one of the golden numbers', () => {
  expect(golden.templates.default).toBe(defaultChatTemplate)
})

describe.each(golden.cases)('$template, $title', item => {
  const source = golden.templates[item.template]
  const template = new ChatTemplate(source, { specialTokens })
  const conversation = conversationOf(item)

  it('is written as transformers writes it', () => {
    expect(template.render(conversation)).toBe(item.text)
    expect(template.render(conversation, { addGenerationPrompt: true })).toBe(item.prompt)
  })

  it('has the ids of transformers, and its mask of the assistant', () => {
    const { ids, isAnswer } = conversationTokens(tokenizer, template, conversation)
    expect([...ids]).toEqual(item.ids)
    expect([...isAnswer]).toEqual(item.mask)
  })

  it('has the same answers without generation tags, found by the prefixes', () => {
    const untagged = new ChatTemplate(
      source.replace(/\{%(-?)\s*(end)?generation\s*(-?)%\}/g, '{%$1 if true $3%}{% endif %}'),
      {
        specialTokens,
      },
    )
    expect(untagged.marksAnswers).toBe(false)
    expect(untagged.render(conversation)).toBe(item.text)
    const { isAnswer } = conversationTokens(tokenizer, untagged, conversation)
    expect([...isAnswer]).toEqual(item.mask)
  })

  it('has the same answers where tokens do not spell the text, by their common beginnings', () => {
    const unspelled: Tokenizer = Object.assign(Object.create(tokenizer) as Tokenizer, {
      specialTokens: tokenizer.specialTokens,
      encode: tokenizer.encode.bind(tokenizer),
      bytes: () => new Uint8Array(),
    })
    expect([...conversationTokens(unspelled, template, conversation).isAnswer]).toEqual(item.mask)
  })
})
