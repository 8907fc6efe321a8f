import { describe, expect, test } from 'vitest'
import { findDataset } from './catalog.ts'
import { fetchDataset } from './node.ts'
import { pairTask } from './pair-tasks.ts'

const mirror = process.env.NACRE_DATA_MIRROR
const read = async (name: string) => pairTask(findDataset(name), await fetchDataset(findDataset(name), { mirror }))

describe.skipIf(!mirror)(`datasets of pairs${mirror ? '' : ' (skipped: set NACRE_DATA_MIRROR)'}`, () => {
  test('multi30k: German to English, with its own parts', async () => {
    const { train, validation, tests } = await read('multi30k')
    expect([train, validation, ...Object.values(tests)].map(part => part.length)).toEqual([
      29_000, 1014, 1000, 1000, 461,
    ])
    expect(train[0]).toEqual({
      source: 'Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche.',
      target: 'Two young, White males are outside near many bushes.',
    })
    expect(tests.test2016[0].target).toBe('A man in an orange hat starring at something.')
  })

  test('tatoeba: Chinese to English; no English sentence is in two parts', async () => {
    const { train, validation, tests } = await read('tatoeba')
    expect(train.length + validation.length + tests.test.length).toBe(30_979)
    expect(tests.test.length).toBeGreaterThanOrEqual(1000)
    const english = (part: typeof train) => new Set(part.map(({ target }) => target.toLowerCase()))
    const [a, b, c] = [train, validation, tests.test].map(english)
    for (const [x, y] of [
      [a, b],
      [a, c],
      [b, c],
    ])
      expect([...x].filter(item => y.has(item))).toEqual([])
    expect([...train, ...validation, ...tests.test]).toContainEqual({ source: '你好。', target: 'Hello!' })
  })

  test('dialogues: each turn with the next', async () => {
    const english = await read('chatterbot-en')
    expect([...english.train, ...english.validation]).toContainEqual({
      source: 'Are you sapient?',
      target: "In all probability, I am not. I'm not that sophisticated.",
    })
    const chinese = await read('chatterbot-zh')
    expect([...chinese.train, ...chinese.validation]).toContainEqual({ source: '欢迎!', target: '你好' })
    const chats = await read('lccc')
    expect(chats.train.length).toBeGreaterThanOrEqual(10_000)
    expect(chats.train[1]).toEqual({ source: '我也要去健身懒半年了', target: '我一直懒现在终于动起来了' })
  })

  test('a dataset that has no pairs', async () => {
    expect(() => pairTask(findDataset('names'), [])).toThrow('Option --data expected a dataset of pairs: multi30k, ')
  })
})
