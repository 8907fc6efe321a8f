import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest'
import { nacre } from '../../test/command-line.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-finetune-bert-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string): string => join(directory, name)

const places = ['park', 'room', 'shop', 'lake', 'house', 'film', '公园', '房间', '商店', '电影']
const reviews = places.flatMap(place => [
  [`the ${place} is good`, 'good'],
  [`the ${place} is bad`, 'bad'],
  [`${place}很好`, 'good'],
  [`${place}很差`, 'bad'],
])
/** In which language the second text is. */
const pairs = places.flatMap(one => places.map(other => [one, other, /[a-z]/.test(other) ? 'en' : 'zh']))

beforeAll(async () => {
  writeFileSync(at('text.txt'), `${reviews.map(([text]) => text).join('\n\n')}\n\n`.repeat(5))
  writeFileSync(at('reviews.csv'), ['text,label', ...reviews.map(row => row.join(','))].join('\n'))
  const rows = pairs.map(row => row.join('\t'))
  writeFileSync(at('pairs.tsv'), ['text\tsecond\tlabel', ...rows].join('\n'))
  const size = '--layers 2 --heads 2 --channels 32 --context 24 --vocabulary 120 --batch-size 8 --threads 1'
  const rhythm = '--steps 60 --learning-rate 3e-3 --dropout 0'
  const trained = await nacre(`train bert --data ${at('text.txt')} --out ${at('bert')} ${size} ${rhythm}`.split(' '))
  if (trained.code !== 0) throw new Error(trained.stderr)
})

const finetune = (out: string, data: string, ...words: readonly string[]) => [
  ...['finetune', at('bert'), '--data', at(data), '--out', at(out), '--threads', '1', '--batch-size', '8'],
  ...['--dropout', '0', '--learning-rate', '3e-3', ...words],
]
const labels = async (out: string, ...texts: readonly string[]): Promise<string[]> => {
  const { stdout } = await nacre(['classify', at(out), ...texts, '--json'])
  return stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).label)
}

/** Transformers gives the same classes the same probabilities. */
async function expectTransformers(context: TestContext, out: string, ...texts: readonly string[]): Promise<void> {
  context.skip(env.NACRE_PYTHON === undefined, 'needs a Python with transformers: $NACRE_PYTHON')
  writeFileSync(at('ours.jsonl'), (await nacre(['classify', at(out), ...texts, '--json'])).stdout)
  const script = resolve(import.meta.dirname, '../../scripts/check-transformers-classifier.py')
  const { status, stdout, stderr } = spawnSync(env.NACRE_PYTHON!, [script, at(out), '--ours', at('ours.jsonl')], {
    encoding: 'utf8',
  })
  expect(status === 0 ? 'equal' : `${stdout}${stderr}`).toBe('equal')
}

test('texts: learned, stopped, gone on with, asked, and evaluated', async context => {
  const words = finetune('reviews', 'reviews.csv', '--epochs', '20')
  const stopped = await nacre([...words, '--save-every', '5'], 'step 9')
  expect(stopped.stdout).toContain(`Go on with: nacre finetune --resume --out ${at('reviews')}`)
  const done = await nacre(['finetune', '--resume', '--out', at('reviews')])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  const asked = ['the shop is good', 'the lake is bad', '公园很好', '房间很差']
  expect(await labels('reviews', ...asked)).toEqual(['good', 'bad', 'good', 'bad'])
  const config = JSON.parse(readFileSync(at('reviews/config.json'), 'utf8'))
  const id2label = { '0': 'bad', '1': 'good' }
  expect(config).toMatchObject({ architectures: ['BertForSequenceClassification'], model_type: 'bert', id2label })
  const measured = await nacre(['evaluate', at('reviews'), '--data', at('reviews.csv'), '--json'])
  const { metrics } = JSON.parse(measured.stdout)
  expect(metrics[0]).toMatchObject({ name: 'accuracy', value: 1, examples: reviews.length })
  expect(metrics[0].interval[1]).toBeGreaterThanOrEqual(metrics[0].value)
  await expectTransformers(context, 'reviews', ...asked, 'the lake is good '.repeat(20))
}, 60_000)

test('pairs: learned, asked, and evaluated', async context => {
  expect(await nacre(finetune('pairs', 'pairs.tsv', '--epochs', '15'))).toMatchObject({ code: 0, stderr: '' })
  expect(await labels('pairs', 'park\t公园', '公园\troom', '电影\t电影')).toEqual(['zh', 'en', 'zh'])
  const kept = ['--predictions', at('predictions.jsonl')]
  const measured = await nacre(['evaluate', at('pairs'), '--data', at('pairs.tsv'), '--json', ...kept])
  expect(JSON.parse(measured.stdout).metrics[0].value).toBeGreaterThan(0.95)
  const lines = readFileSync(at('predictions.jsonl'), 'utf8').trim().split('\n')
  const { text, second, probabilities } = JSON.parse(lines[7]) // many at once are what one by one is
  const one = JSON.parse((await nacre(['classify', at('pairs'), `${text}\t${second}`, '--json'])).stdout)
  for (const [i, value] of Object.values<number>(one.probabilities).entries())
    expect(probabilities[i]).toBeCloseTo(value, 5)
  await expectTransformers(context, 'pairs', 'park\tpark', '公园\troom', `park\t${'the lake is good '.repeat(20)}`)
}, 60_000)

test.each([
  [finetune('x', 'text.txt'), 'expected a file of records'],
  [finetune('x', 'chat.jsonl'), 'Option --data expected labelled texts: a BERT writes no answers.'],
  [finetune('x', 'pairs.tsv', '--both-orders'), 'Pairs in both orders expected a language model that learns them'],
  [['classify', at('bert'), 'x'], 'config.json expected'],
  [['generate', at('reviews')], 'config.json'],
])('%j fails with a reason', async (words, message) => {
  writeFileSync(at('chat.jsonl'), `${JSON.stringify({ prompt: 'a', completion: 'b' })}\n`)
  const failed = await nacre(words)
  expect({ code: failed.code > 0, stdout: failed.stdout }).toEqual({ code: true, stdout: '' })
  expect(failed.stderr).toContain(message)
})
