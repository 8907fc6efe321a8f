import { describe, expect, test } from 'vitest'
import { tinyLanguageModel, tinyRecurrentModel } from '../../test/tiny-language-model.ts'
import { Random } from '../base/random.ts'
import { naivePredictor } from '../generation/predictor.ts'
import { greedy } from '../generation/sampling.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { type Continuation, continuationOf, likelihoodScorer } from './likelihood.ts'
import { type ScoredModel, scoreTokens } from './score.ts'

const vocabulary = 23
const random = new Random(5, 'likelihood')
const ids = (length: number) => Array.from({ length }, () => random.integer(vocabulary))

/** Prompts of many lengths; of some all one-token continuations, or two that share all but their ends. */
const requests: readonly Continuation[] = [
  ...Array.from({ length: 11 }, (_, i) => ({ prompt: ids(1 + 3 * i), continuation: ids(1 + (i % 6)) })),
  ...((prompt: number[]) => [0, 1, 2, 3, 4].map(id => ({ prompt, continuation: [id] })))(ids(9)),
  ...((prompt: number[]) => [3, 4].map(id => ({ prompt, continuation: [7, 7, id] })))(ids(9)),
]

/** The slow twin: each whole text by itself. */
async function slow(scored: ScoredModel, { prompt, continuation }: Continuation, reach: number): Promise<number> {
  const whole = [...Array.from(prompt), ...Array.from(continuation)].slice(-(reach + 1))
  return (await scoreTokens(scored, whole)).slice(-continuation.length).reduce((sum, value) => sum + value, 0)
}

describe.each([
  ['gpt2', tinyLanguageModel({ vocabulary, context: 40 }), 40],
  ['gpt2, whose context is short', tinyLanguageModel({ vocabulary, context: 12 }), 12],
  ['lstm', tinyRecurrentModel('lstm', { vocabulary, context: 8 }), 100],
  ['gru, whose windows are long', tinyRecurrentModel('gru', { vocabulary, context: 64 }), 100],
] as const)('%s', (_, loaded, reach) => {
  test('many rows at once say what each text by itself says', async () => {
    const scorer = likelihoodScorer(loaded, { batchSize: 3 })
    const shares: number[] = []
    const found = await scorer.score(requests, share => shares.push(share))
    for (const [i, request] of requests.entries()) {
      expect(Math.abs(found[i].logProbability - (await slow(loaded, request, reach)))).toBeLessThan(1e-4)
      expect(found[i].cut).toBe(Math.max(0, request.prompt.length + request.continuation.length - 1 - reach))
    }
    expect(shares.at(-1)).toBe(1)
    await scorer.release()
  })

  test('greedy is what greedy generation writes', async () => {
    const predictor = naivePredictor(loaded)
    const prompt = ids(6)
    const written: number[] = []
    for (let i = 0; i < 3; i++) {
      const scores = (await predictor.next([...prompt, ...written])).slice()
      greedy(scores, [])
      written.push(scores.findIndex(score => score > -Infinity))
    }
    const scorer = likelihoodScorer(loaded)
    const other = [...written.slice(0, 2), (written[2] + 1) % vocabulary]
    const found = await scorer.score([written, other].map(continuation => ({ prompt, continuation })))
    expect(found.map(likelihood => likelihood.greedy)).toEqual([true, false])
    await scorer.release()
    await predictor.release()
  })
})

test('what cannot be scored', async () => {
  const scorer = likelihoodScorer(tinyLanguageModel({ vocabulary, context: 4 }))
  await expect(scorer.score([{ prompt: [], continuation: [1] }])).rejects.toThrow(
    'Continuation 1 expected a prompt of at least one token, and from 1 to 4 tokens that follow. Received 0 and 1 tokens.',
  )
  await expect(scorer.score([{ prompt: [1], continuation: ids(5) }])).rejects.toThrow('Received 1 and 5 tokens.')
  expect(await scorer.score([])).toEqual([])
})

test('a continuation begins where the tokens of the whole differ from those of the prompt', async () => {
  const characters = await trainCharacters(['abc \n是不'])
  expect(continuationOf(characters, { prompt: 'ab', continuation: 'c', joint: ' ' })).toEqual({
    prompt: [...characters.encode('ab')],
    continuation: characters.encode(' c'),
  })
  expect(continuationOf(characters, { prompt: '', continuation: '不是' }, [4])).toEqual({
    prompt: [4],
    continuation: characters.encode('不是'),
  })
  const pieces = await trainByteLevelBPE(['aaaa aaaa aaaa aaaa'], { vocabularySize: 260 })
  const merged = continuationOf(pieces, { prompt: 'a', continuation: 'aaa' })
  expect(pieces.decode([...Array.from(merged.prompt), ...Array.from(merged.continuation)])).toBe('aaaa')
})
