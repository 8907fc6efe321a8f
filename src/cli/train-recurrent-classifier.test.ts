import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nacre } from '../../test/command-line.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-recurrent-classifier-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** A table of reviews of which only the order of words tells whether they are good. */
function table(name: string, [but, good, bad]: readonly [string, string, string], join_: string): string {
  const things = ['film', 'food', 'room', 'song', 'view', 'book', 'tea', 'game', 'team', 'park']
  const rows = ['label\ttext']
  for (const thing of things) {
    for (const other of things) {
      rows.push(`good\t${[thing, bad, but, other, good].join(join_)}`)
      rows.push(`bad\t${[thing, good, but, other, bad].join(join_)}`)
    }
  }
  const path = join(directory, name)
  writeFileSync(path, `${rows.join('\n')}\n`)
  return path
}
const english = table('en.tsv', ['but', 'good', 'bad'], ' ')
const chinese = table('zh.tsv', ['但是', '很好', '很差'], '，')

const train = (data: string, out: string, ...words: readonly string[]) => [
  ...['train', 'recurrent-classifier', '--data', data, '--out', join(directory, out)],
  ...['--hidden-size', '16', '--embedding-size', '8', '--batch-size', '16', '--dropout', '0.1', '--threads', '1'],
  ...['--learning-rate', '1e-2', '--final-learning-rate', '1e-3', '--pooling', 'last', ...words],
]
const label = async (out: string, text: string): Promise<string> =>
  JSON.parse((await nacre(['classify', join(directory, out), text, '--json'])).stdout).label

test('English reviews: what counts is the order, which a bag of words does not see', async () => {
  const trained = await nacre(train(english, 'en', '--epochs', '12', '--cell', 'gru'))
  expect(trained).toMatchObject({ code: 0, stderr: '' })
  expect(trained.stdout).toMatch(
    /^recurrent-classifier: [\d,]+ parameters, 2 classes\n180 examples to learn from, 20 held/,
  )
  expect(trained.stdout).toContain('held out: error 0.00 %')
  expect(await label('en', 'The SONG was bad but the view was good')).toBe('good')
  expect(await label('en', 'The song was good but the view was bad')).toBe('bad')
  const { stdout } = await nacre(['classify', join(directory, 'en'), 'good zebra'])
  expect(stdout).toContain('1 of its 2 words are unknown to the model.')
  const long = await nacre(['classify', join(directory, 'en'), 'good '.repeat(200), 'bad'])
  expect(long.stdout).toContain('Only the first 128 of its 200 words were read.')
  expect((await nacre(['classify', join(directory, 'en'), 'zebra'])).stdout).toContain('It has no word that the model')
})

test('Chinese reviews by jieba; a run that is interrupted goes on to the same weights', async () => {
  const words = ['--epochs', '10', '--segmenter', 'jieba', '--save-every', '20']
  expect((await nacre(train(chinese, 'zh', ...words))).code).toBe(0)
  expect(await label('zh', '房间很差，但是早餐很好')).toBe('good')
  expect(await label('zh', '早餐很好，但是房间很差')).toBe('bad')

  const stopped = await nacre(train(chinese, 'parts', ...words), 'step 24:')
  expect(stopped.stdout).toContain('Go on with: nacre train recurrent-classifier --resume --out')
  const out = join(directory, 'parts')
  expect(await nacre(['train', '--resume', '--out', out])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`Try: nacre train recurrent-classifier --resume --out ${out}`),
  })
  const resumed = await nacre(['train', 'recurrent-classifier', '--resume', '--out', out])
  expect(resumed.stdout).toMatch(/resumed at step 2\d of 120/)
  for (const file of ['model.safetensors', 'training/state.safetensors'])
    expect(readFileSync(join(out, file)).equals(readFileSync(join(directory, 'zh', file)))).toBe(true)
  expect(await nacre(['train', 'recurrent-classifier', '--resume', '--out', out, '--cell', 'gru'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Option --cell expected lstm, with which the run was started. Received gru.'),
  })
})

test('bad input', async () => {
  expect(await nacre(['train', 'recurrent-classifier'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Option --data expected labelled texts. Received none. Datasets: sst2, '),
  })
  expect(await nacre(['train', 'recurrent-classifier', '--resume', '--out', join(directory, 'none')])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('expected a run of recurrent-classifier with'),
  })
  expect(await nacre(train(english, 'wrong', '--cell', 'lstn'))).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean "lstm"?'),
  })
})
