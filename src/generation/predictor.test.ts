import { expect, test } from 'vitest'
import { expectClose } from '../../test/engine/closeness.ts'
import { tinyLanguageModel } from '../../test/tiny-language-model.ts'
import { OptionError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { cachedPredictor, naivePredictor } from './predictor.ts'
import { windowStart } from './window.ts'

const [vocabulary, context] = [23, 12]
const loaded = tinyLanguageModel({ vocabulary, context })
const cached = cachedPredictor(loaded)
const naive = naivePredictor(loaded)

/** Reproducible token ids. */
function text(length: number, seed = 1): number[] {
  const random = new Random(seed, 'text')
  return Array.from({ length }, () => random.integer(vocabulary))
}

async function expectEqualLogits(tokens: readonly number[]): Promise<void> {
  const expected = (await naive.next(tokens)).slice()
  expectClose(`logits after ${tokens.length} tokens`, await cached.next(tokens), expected, { absolute: 1e-4 })
}

test('logits tell tokens and positions apart, or the tests below would prove nothing', async () => {
  const last = async (tokens: number[]) => (await naive.next(tokens)).slice()
  const [a, b, c] = [await last([1, 2, 3]), await last([2, 1, 3]), await last([1, 2, 4])]
  const distance = (x: Float32Array, y: Float32Array) => Math.max(...x.map((value, i) => Math.abs(value - y[i])))
  expect(Math.min(distance(a, b), distance(a, c))).toBeGreaterThan(0.1)
})

test('the cache predicts as the naive loop does, token by token, far past the context', async () => {
  const tokens = text(3 * context + 1)
  for (let length = 1; length <= tokens.length; length++) await expectEqualLogits(tokens.slice(0, length))
})

test('a prompt of any length in one go', async () => {
  for (let length = 1; length <= 2 * context + 1; length++) await expectEqualLogits(text(length, length))
})

test('a text that grew by several tokens', async () => {
  const tokens = text(context)
  for (const length of [2, 5, 6, 9, 12]) await expectEqualLogits(tokens.slice(0, length))
})

test('a text that was cut, edited, repeated or exchanged', async () => {
  const tokens = text(10)
  await expectEqualLogits(tokens)
  await expectEqualLogits(tokens)
  await expectEqualLogits(tokens.slice(0, 4))
  await expectEqualLogits([...tokens.slice(0, 4), ...text(5, 7)])
  await expectEqualLogits(tokens.with(2, (tokens[2] + 1) % vocabulary))
  await expectEqualLogits(text(10, 3))
  await expectEqualLogits(text(2 * context, 4)) // another window
  await expectEqualLogits(tokens) // and back
  await expectEqualLogits(text(2 * context, 4).with(-3, 0))
})

test('a text for which the memory was too small', async () => {
  const long = tinyLanguageModel({ vocabulary, context: 5000 })
  const [grown, slow] = [cachedPredictor(long), naivePredictor(long)]
  const tokens = text(2050)
  for (const length of [3, 2048, 2049, 2050, 2048]) {
    const expected = (await slow.next(tokens.slice(0, length))).slice()
    expectClose(`${length} tokens`, await grown.next(tokens.slice(0, length)), expected, { absolute: 1e-4 })
  }
  await Promise.all([grown.release(), slow.release()])
})

test('what does not change is not computed again', async () => {
  const runs: number[] = []
  const { runtime } = loaded
  const counting = cachedPredictor({
    ...loaded,
    runtime: {
      ...runtime,
      load: async model => {
        const session = await runtime.load(model)
        return {
          ...session,
          run: (feeds, fetches) => {
            runs.push(feeds.ids.shape[1])
            return session.run(feeds, fetches)
          },
        }
      },
    },
  })
  const tokens = text(11)
  await counting.next(tokens.slice(0, 7))
  expect(runs.splice(0)).toEqual([4, 2, 1])
  await counting.next(tokens.slice(0, 8))
  expect(runs.splice(0)).toEqual([1])
  await counting.next(tokens)
  expect(runs.splice(0)).toEqual([2, 1])
  await counting.next(tokens.with(9, (tokens[9] + 1) % vocabulary))
  expect(runs.splice(0)).toEqual([2])
})

test('no tokens, no prediction', async () => {
  for (const predictor of [cached, naive]) {
    await expect(predictor.next([])).rejects.toThrow(OptionError)
    await expect(predictor.next([])).rejects.toThrow(
      'A prompt expected at least one token. Received an empty text. Begin with a word or a line break.',
    )
  }
})

test('a window holds all of a short text, and moves by half of the context', () => {
  expect([1, 11, 12, 13, 18, 19, 24, 25].map(length => windowStart(length, 12))).toEqual([0, 0, 0, 6, 6, 12, 12, 18])
  for (const size of [1, 2, 3, 7, 12]) {
    for (let length = 1; length < 60; length++) {
      const start = windowStart(length, size)
      expect(length - start).toBeLessThanOrEqual(size)
      const least = length > size ? Math.max(1, Math.floor(size / 2)) : length
      expect(length - start).toBeGreaterThanOrEqual(least)
    }
  }
})
