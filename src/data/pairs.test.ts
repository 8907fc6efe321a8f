import { expect, test } from 'vitest'
import { alignLines, readPairs, type SentencePair, splitPairs } from './pairs.ts'
import { memoryText } from './text.ts'

test('a tab between the sides; further columns, empty lines and CR LF do no harm', async () => {
  const { pairs, skipped } = await readPairs(memoryText('Hi.\t你好。\tCC-BY\r\n\nHello!\t你好！\r\n'))
  expect(pairs).toEqual([
    { source: 'Hi.', target: '你好。' },
    { source: 'Hello!', target: '你好！' },
  ])
  expect(skipped).toEqual([])
  const turned = await readPairs(memoryText('Hi.\t你好。'), { secondIsSource: true })
  expect(turned.pairs).toEqual([{ source: '你好。', target: 'Hi.' }])
})

test('a line without a tab is named, or left out', async () => {
  const text = memoryText('Hi.\t你好。\nI am angry! 我森气辣！\nRun.\t\nWait!\t等等！\n', 'pairs.tsv')
  await expect(readPairs(text)).rejects.toMatchObject({
    name: 'DataError',
    message:
      'pairs.tsv, line 2, expected two sentences with a tab between them. Received "I am angry! 我森气辣！", without a tab. ' +
      'Mend the line, or leave such lines out with --skip-malformed.',
  })
  const { pairs, skipped } = await readPairs(text, { missingTab: 'skip' })
  expect(pairs.map(({ source }) => source)).toEqual(['Hi.', 'Wait!'])
  expect(skipped).toEqual([2, 3])
  await expect(readPairs(memoryText('Run.\t \n', 'x'))).rejects.toThrow('with an empty side')
  await expect(readPairs(memoryText('no\n', 'x'), { missingTab: 'skip' })).rejects.toThrow(
    'x expected pairs of sentences. Received none.',
  )
})

test('two files that belong together line by line', async () => {
  expect(await alignLines(memoryText('a \nb'), memoryText('c\nd\n'))).toEqual([
    { source: 'a', target: 'c' },
    { source: 'b', target: 'd' },
  ])
  await expect(alignLines(memoryText('a\nb', 'a.de'), memoryText('c', 'a.en'))).rejects.toThrow(
    'a.en expected as many lines as a.de has (2). Received 1.',
  )
})

test('a split keeps pairs of one target together and is the same for a seed', () => {
  const pairs: SentencePair[] = Array.from({ length: 600 }, (_, i) => ({
    source: `s${i}`,
    target: i % 3 === 0 ? `It's  number ${i >> 2}.` : `it's number ${i >> 2}!`,
  }))
  const parts = splitPairs(pairs, { seed: 1, validation: 0.1, test: 0.2 })
  expect(parts.train.length + parts.validation.length + parts.test.length).toBe(600)
  expect(parts.test.length).toBeGreaterThanOrEqual(120)
  expect(parts.test.length).toBeLessThan(124)
  expect(parts.validation.length).toBeGreaterThanOrEqual(60)
  const numbers = (part: readonly SentencePair[]) => new Set(part.map(({ target }) => /\d+/.exec(target)![0]))
  const [train, validation, test] = [parts.train, parts.validation, parts.test].map(numbers)
  for (const [x, y] of [
    [train, validation],
    [train, test],
    [validation, test],
  ])
    expect([...x].filter(item => y.has(item))).toEqual([])
  expect(splitPairs(pairs, { seed: 1, validation: 0.1, test: 0.2 })).toEqual(parts)
  expect(splitPairs(pairs, { seed: 2, validation: 0.1, test: 0.2 })).not.toEqual(parts)
})
