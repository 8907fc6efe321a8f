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

const people = ['Anna', 'Tom', '小明', '李雷', 'Maria', 'Peter']
const lines = (rows: readonly (readonly string[])[]) => rows.map(row => row.join(' ')).join('\n')
const sentences = places.flatMap(place =>
  people.map(person => {
    const words = (text: string, kind: string) =>
      [...text.matchAll(/[\u4e00-\u9fff]|\w+/g)].map(([word], i) => [word, `${i === 0 ? 'B' : 'I'}-${kind}`])
    return lines([...words(person, 'PER'), ['in', 'O'], ['the', 'O'], ...words(place, 'LOC')])
  }),
)
/** Who is where: two people and two places in a text. */
const asked = people.flatMap((one, i) =>
  places.map((here, j) => {
    const [other, there] = [people[(i + 1) % people.length], places[(j + 3) % places.length]]
    const first = (i + j) % 2 === 0
    const context = `${one} in the ${here}, ${other} in the ${there}.`
    const text = first ? here : there
    const answers = [{ text, answer_start: first ? context.indexOf(` ${here},`) + 1 : context.lastIndexOf(there) }]
    return { context, qas: [{ id: `${i}-${j}`, question: `in the of ${first ? one : other}`, answers }] }
  }),
)

test('tags of words: learned, stopped, gone on with, asked, and evaluated', async () => {
  writeFileSync(at('names.conll'), sentences.join('\n\n'))
  const words = finetune('names', 'names.conll', '--epochs', '12')
  const stopped = await nacre([...words, '--save-every', '5'], 'step 16:')
  expect(stopped.stdout).toContain('Go on with')
  const done = await nacre(['finetune', '--resume', '--out', at('names')])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toMatch(/held out: F1 of names \d+\.\d\d %, precision/)
  const config = JSON.parse(readFileSync(at('names/config.json'), 'utf8'))
  expect(config).toMatchObject({ architectures: ['BertForTokenClassification'], id2label: { '0': 'B-LOC' } })
  const found = await nacre(['classify', at('names'), 'Tom in the lake', '小明 in the 公园', '--json'])
  const names = found.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line).names)
  expect(names).toEqual([
    [
      { kind: 'PER', text: 'Tom' },
      { kind: 'LOC', text: 'lake' },
    ],
    [
      { kind: 'PER', text: '小明' },
      { kind: 'LOC', text: '公园' },
    ],
  ])
  const measured = await nacre(['evaluate', at('names'), '--data', at('names.conll'), '--json'])
  expect(JSON.parse(measured.stdout).metrics[0]).toMatchObject({ name: 'F1 of names', examples: sentences.length })
  expect(JSON.parse(measured.stdout).metrics[0].value).toBeGreaterThan(0.8)
}, 60_000)

test('answers in texts: learned, asked, and evaluated', async () => {
  writeFileSync(at('squad.json'), JSON.stringify({ version: '1.1', data: [{ title: 'x', paragraphs: asked }] }))
  const done = await nacre(finetune('reader', 'squad.json', '--epochs', '4'))
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toMatch(/held out: exact match \d+\.\d\d %, F1 of words/)
  const config = JSON.parse(readFileSync(at('reader/config.json'), 'utf8'))
  expect(config.architectures).toEqual(['BertForQuestionAnswering'])
  const text = 'Tom in the lake, 小明 in the 公园.'
  const found = JSON.parse((await nacre(['classify', at('reader'), `in the of Tom\t${text}`, '--json'])).stdout)
  expect(text.slice(found.start, found.end)).toBe(found.answer)
  const measured = await nacre(['evaluate', at('reader'), '--data', at('squad.json'), '--json'])
  const { metrics } = JSON.parse(measured.stdout)
  expect(metrics.map(({ name }: { name: string }) => name)).toEqual(['exact match', 'F1 of words'])
  expect(metrics[0].value).toBeGreaterThan(0.2) // by chance it would be a few of a hundred

  writeFileSync(
    at('wrong.json'),
    JSON.stringify({
      data: [
        {
          paragraphs: [{ context: 'a', qas: [{ id: 'q7', question: 'b', answers: [{ text: 'c', answer_start: 0 }] }] }],
        },
      ],
    }),
  )
  const refused = await nacre(finetune('x', 'wrong.json'))
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('question "q7": expected the answer "c" at "answer_start"')
  for (const [words, message] of [
    [['classify', at('reader'), 'alone'], 'INPUT expected a question and a text with a tab between them'],
    [['evaluate', at('reader'), '--task', 'sst2'], 'Option --data expected a file of questions'],
  ] as const)
    expect((await nacre(words)).stderr).toContain(message)
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
