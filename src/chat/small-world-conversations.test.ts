import { expect, test } from 'vitest'
import { type Question, smallWorldExamples } from '../data/small-world.ts'
import { conversationProblem } from './conversation.ts'
import { askAbout, smallWorldConversations } from './small-world-conversations.ts'

const languages = ['en', 'zh'] as const

test.each(languages)('conversations can be learned from, and are of many kinds (%s)', language => {
  const all = [...smallWorldConversations({ seed: 3, language, count: 10_000 })]
  expect(all.map(conversationProblem).filter(problem => problem !== undefined)).toEqual([])
  const turns = new Set(all.map(({ messages }) => messages.length))
  expect([...turns].sort((a, b) => a - b)).toEqual([2, 8]) // one answer, four questions about a story
  const known = new Set(all.map(({ messages }) => messages[0].content))
  expect(known).toContain(language === 'en' ? 'Who are you?' : '你是谁？')
  const begins = language === 'en' ? /^(Tell me|Translate|Is this review)/ : /^(给我讲|翻译成|这条评论)/
  expect(new Set(all.map(({ messages }) => begins.exec(messages[0].content)?.[0])).size).toBe(4)
  const chinese = all.filter(({ messages }) => /\p{Script=Han}/u.test(messages[0].content))
  expect(chinese.length).toBe(language === 'zh' ? all.length : 0)
})

test.each(languages)('what is answered about a story is what the world says (%s)', language => {
  const answers = new Map<string, string>()
  for (const { story, question, answer, fact, all } of smallWorldExamples({ seed: 3, language, kind: 'question' })) {
    expect(all).toContainEqual(expect.objectContaining({ question, answer, fact }))
    expect(new Set(all.map(({ question: one }) => one)).size).toBe(11)
    for (const one of all) answers.set(askAbout(story, one.question, language), one.fact)
  }
  let checked = 0
  for (const { messages } of smallWorldConversations({ seed: 3, language, count: 400 })) {
    const expected = answers.get(messages[0].content)
    if (expected === undefined) continue
    expect(messages[1].content).toBe(expected)
    checked++
  }
  expect(checked).toBeGreaterThan(150)
})

test('what has changed in a story is told from what has not', () => {
  for (const { all } of smallWorldExamples({ seed: 3, language: 'en', kind: 'questionAtOnce', documents: 50 }))
    expect(all.filter(({ hasChanged }) => hasChanged)).toEqual([])
  const document = { seed: 3, language: 'en', kind: 'question', documents: 200 } as const
  const changed = [...smallWorldExamples(document)].flatMap(({ all }) => all.filter(({ hasChanged }) => hasChanged))
  const topics = new Set(changed.map(({ about }) => about))
  expect([...topics].sort()).toEqual(['holder', 'person place', 'possessions', 'thing place', 'together'])
  const moved = ({ all }: Question) => all.some(({ about, hasChanged }) => about === 'person place' && hasChanged)
  const moves = ({ story }: Question) => story.match(/\b(went|walked|ran|hurried|came) (to|into|up)\b/g)?.length ?? 0
  const questions = [...smallWorldExamples(document)]
  expect(questions.filter(one => moved(one) && moves(one) === 0)).toEqual([])
  expect(questions.filter(one => !moved(one) && moves(one) === 1)).toEqual([])
})

test('the seed decides them', () => {
  const of = (seed: number) => [...smallWorldConversations({ seed, language: 'zh', count: 20 })]
  expect(of(1)).toEqual(of(1))
  expect(of(1)).not.toEqual(of(2))
})
