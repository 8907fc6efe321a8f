import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nacre } from '../../test/command-line.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-finetune-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string): string => join(directory, name)

const places = ['park', 'room', 'shop', 'lake', '公园', '房间']
const more = ['house', 'school', 'garden', 'street', 'film', 'song', '学校', '商店', '电影', '音乐']
const reviews = [...places, ...more].flatMap(place => [
  [`the ${place} is good`, 'good'],
  [`the ${place} is bad`, 'bad'],
  [`${place}很好`, 'good'],
  [`${place}很差`, 'bad'],
])
const pairs = places.flatMap(one => places.map(other => [one, other, Number(/[\u4e00-\u9fff]/.test(one + other))]))

beforeAll(async () => {
  writeFileSync(at('text.txt'), `${reviews.map(([text]) => text).join('\n')}\n`.repeat(20))
  writeFileSync(at('reviews.csv'), ['text,label', ...reviews.map(row => row.join(','))].join('\n'))
  writeFileSync(at('foreign.csv'), ['text,label', ...reviews.map(([text, label]) => `${text}ß,${label}`)].join('\n'))
  writeFileSync(at('empty.csv'), 'text,label\n')
  writeFileSync(at('mixed.jsonl'), lines([{ text: 'a', label: 'b' }, { text: 'a' }]))
  writeFileSync(at('pairs.tsv'), ['text\tsecond\tlabel', ...pairs.map(row => row.join('\t'))].join('\n'))
  const sizes = [
    '--layers',
    '1',
    '--channels',
    '16',
    '--heads',
    '2',
    '--context',
    '32',
    '--steps',
    '40',
    '--threads',
    '1',
  ]
  const trained = await nacre(['train', 'gpt', '--data', at('text.txt'), '--out', at('gpt'), ...sizes])
  if (trained.code !== 0) throw new Error(trained.stderr)
})

const finetune = (out: string, ...words: readonly string[]) => [
  ...['finetune', at('gpt'), '--out', at(out), '--threads', '1', '--batch-size', '8', '--dropout', '0'],
  ...['--learning-rate', '1e-2', ...words],
]
const label = async (out: string, text: string): Promise<string> =>
  JSON.parse((await nacre(['classify', at(out), text, '--json'])).stdout).label

test('one text: learned, stopped, gone on with, and asked', async () => {
  const words = finetune('reviews', '--data', at('reviews.csv'), '--epochs', '25', '--validation-fraction', '0.25')
  const stopped = await nacre([...words, '--save-every', '5'], 'step 9')
  expect(stopped.stdout).toContain(`Go on with: nacre finetune --resume --out ${at('reviews')}`)
  const done = await nacre(['finetune', '--resume', '--out', at('reviews')])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toContain('resumed at step')
  const asked = ['the shop is good', 'the lake is bad', '公园很好', '房间很差']
  const answers: string[] = []
  for (const text of asked) answers.push(await label('reviews', text))
  expect(answers).toEqual(['good', 'bad', 'good', 'bad'])
}, 60_000)

test('a metric chooses the model that is kept, and patience ends the training', async () => {
  const words = ['--data', at('reviews.csv'), '--epochs', '60', '--metric', 'macro-f1', '--patience', '2']
  const done = await nacre([...finetune('early', ...words), '--evaluate-every', '3'])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toMatch(/held out: macro-f1 \d\.\d{4}, error .* \(best\)/)
  expect(done.stdout).toMatch(
    /Ended at step \d+ of 540: 2 validations were no better than that of step \d+, whose model is kept/,
  )
  const metrics = readFileSync(at('early/training/metrics.jsonl'), 'utf8').trim().split('\n')
  expect(JSON.parse(metrics.at(-1)!)).toMatchObject({ metricName: 'macro-f1', sinceBest: 2 })
})

test('pairs, by adapters', async () => {
  const words = ['--data', at('pairs.tsv'), '--epochs', '30', '--lora', '4', '--both-orders']
  const targets = ['--lora-targets', 'attention.project,feedForward.expand,feedForward.contract']
  expect(await nacre([...finetune('pairs', ...words, ...targets)])).toMatchObject({ code: 0, stderr: '' })
  expect([await label('pairs', 'park\troom'), await label('pairs', '公园\troom')]).toEqual(['0', '1'])
}, 60_000)

/** Which of three things said of a place is kind, at any place among them. */
const said = { good: ['good', '很好'], bad: ['bad', '很差', 'dull', 'lost'] }
const questions = said.bad.flatMap((_, k) =>
  [...places, ...more].flatMap((place, i) =>
    said.good.map((good, j) => {
      const wrong = [said.bad[k], said.bad[(k + 1 + j) % 4]]
      const label = (i + j + k) % 3
      const choices = wrong.toSpliced(label, 0, good)
      return i % 2 === 0 ? { context: place, question: 'is', choices, label } : { question: place, choices, label }
    }),
  ),
)
const lines = (records: readonly object[]) => records.map(record => `${JSON.stringify(record)}\n`).join('')

test('multiple choice: learned, asked, and evaluated', async () => {
  writeFileSync(at('train.jsonl'), lines(questions.slice(12)))
  writeFileSync(at('test.jsonl'), lines(questions.slice(0, 12)))
  const learned = await nacre(finetune('choice', '--data', at('train.jsonl'), '--epochs', '20'))
  expect(learned).toMatchObject({ code: 0, stderr: '' })
  expect(learned.stdout).toContain("$'TEXT\\tANSWER\\tANSWER'")
  const config = JSON.parse(readFileSync(at('choice/config.json'), 'utf8'))
  expect(config).toMatchObject({ id2label: { '0': 'right' }, nacre: { combination: 'choice', choices: 3 } })

  const asked = ['park\tdull\tgood\tbad', '公园\t很好\tlost\t很差']
  const chosen = await nacre(['classify', at('choice'), ...asked, '--json'])
  const answers = chosen.stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(answers).toMatchObject([{ label: 'good' }, { label: '很好' }])
  expect(Object.keys(answers[0].probabilities)).toEqual(['dull', 'good', 'bad'])
  const measured = await nacre(['evaluate', at('choice'), '--data', at('test.jsonl'), '--predictions', at('p.jsonl')])
  expect(measured).toMatchObject({ code: 0, stderr: '' })
  expect(measured.stdout).toMatch(/accuracy +100\.00 %/)
  const first = JSON.parse(readFileSync(at('p.jsonl'), 'utf8').split('\n')[0])
  expect(first).toMatchObject({ text: 'park', second: 'is', expected: 'good', predicted: 'good' })
  expect(first.choices).toEqual(questions[0].choices)

  const hellaswag = questions.map(({ choices, label }) => ({ ctx: 'park', endings: choices, label }))
  writeFileSync(at('hellaswag.jsonl'), lines(hellaswag))
  const task = await nacre(['evaluate', at('choice'), '--task', 'hellaswag', '--data', at('hellaswag.jsonl'), '--json'])
  expect(JSON.parse(task.stdout)).toMatchObject({ task: 'hellaswag', examples: questions.length })

  const wrongAnswers = 'A question expected a text and 3 answers, with a tab before each. Received 1 answer.'
  for (const [words, message] of [
    [['classify', at('choice'), 'park\tgood'], wrongAnswers],
    [['evaluate', at('choice'), '--task', 'sst2'], 'Option --task for a model that chooses expected'],
    [['evaluate', at('choice')], 'or --data FILE with a context or question, choices,'],
    [['evaluate', at('choice'), '--data', at('reviews.csv')], 'expected choices in every record. Received 0 of 64'],
    [finetune('x', '--data', at('train.jsonl'), '--both-orders'), 'expected pairs of texts. Received choices.'],
  ] as const) {
    const failed = await nacre(words)
    expect(failed).toMatchObject({ code: 2, stdout: '' })
    expect(failed.stderr).toContain(message)
  }
}, 60_000)

test('answers are learned in rows as long as they need, or as they are told', async () => {
  const rows = places.map(place => ({ prompt: `the ${place} is`, completion: ' good' }))
  writeFileSync(at('answers.jsonl'), lines(rows))
  const run = (...words: readonly string[]) =>
    nacre([...finetune('answers', '--data', at('answers.jsonl'), '--epochs', '1'), ...words])
  const { stdout } = await run()
  expect(stdout).toMatch(/steps? of \d rows?, 1 epoch/)
  expect(stdout).toContain(`Try: nacre generate ${at('answers')} --temperature 0 --prompt TEXT`)
  const narrow = await run('--context', '8')
  expect(narrow.code).not.toBe(0)
  expect(narrow.stderr).toContain('longer than the context and were left out (--too-long drop, --context)')
  const wide = await run('--context', '33')
  expect(wide.stderr).toContain(
    'Option --context expected at most 32 tokens, as many as the model sees at once. Received 33',
  )
  const classes = await nacre(finetune('classes', '--data', at('reviews.csv'), '--context', '8'))
  expect(classes.stderr).toContain('Option --context expected to be left out where classes are learned. Received 8')
})

test('questions that are longer than the context are counted, and keep their answers', async () => {
  const long = { context: 'the park is good '.repeat(20), question: 'is', choices: ['good', 'bad'], label: 0 }
  writeFileSync(at('long.jsonl'), lines([long, { ...long, label: 1 }, { ...long, context: 'park' }]))
  const learned = await nacre(finetune('long', '--data', at('long.jsonl'), '--epochs', '1'))
  expect(learned).toMatchObject({ code: 0, stderr: '' })
  expect(learned.stdout).toContain('\n2 of them longer than the context: cut to it\n')
})

test('choices with problems: all are counted, and nothing is trained', async () => {
  const records = [
    { context: 'a', choices: ['b', 'c'], label: 0 },
    { context: 'a', choices: ['b', 'c', 'd'], label: 0 },
    { context: 'a', choices: ['b', 'c'], label: 2 },
    { context: '', choices: ['b', 'c'], answer: 'B' },
    { context: 'a', choices: ['b', ''], answer: 'B' },
  ]
  writeFileSync(at('wrong.jsonl'), lines(records))
  const refused = await nacre(finetune('wrong', '--data', at('wrong.jsonl')))
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('4 problems')
  expect(refused.stderr).toContain('wrong.jsonl, line 2: expected 2 choices, as in the first record, received 3')
  expect(refused.stderr).toContain('line 3: expected the right choice in "label": its number from 0 to 1, its letter')
  expect(refused.stderr).toContain('line 4: expected a context or a question, received an empty "context"')
  expect(refused.stderr).toContain('line 5: expected field "choices" with a list of texts')
})

test('conversations: learned, stopped, gone on with, and written by a chat template', async () => {
  const rows = places.flatMap(place => [
    {
      messages: [
        { role: 'user', content: place },
        { role: 'assistant', content: `the ${place}` },
      ],
    },
    { instruction: `the ${place}`, output: place },
  ])
  writeFileSync(at('chat.jsonl'), rows.map(row => `${JSON.stringify(row)}\n`).join(''))
  const words = finetune('chat', '--data', at('chat.jsonl'), '--epochs', '12')
  const stopped = await nacre([...words, '--save-every', '4'], 'held out: loss')
  expect(stopped.stdout).toContain(`Go on with: nacre finetune --resume --out ${at('chat')}`)
  const done = await nacre(['finetune', '--resume', '--out', at('chat')])
  expect(done).toMatchObject({ code: 0, stderr: '' })
  expect(done.stdout).toContain('<|im_start|>assistant')
  const settings = JSON.parse(readFileSync(at('chat/tokenizer_config.json'), 'utf8'))
  expect(settings.chat_template).toContain('<|im_start|>')
})

test('conversations with problems: all are counted, and nothing is trained', async () => {
  const broken = at('broken.jsonl')
  writeFileSync(broken, `${JSON.stringify({ messages: [{ role: 'assistant', content: 'first' }] })}\nno JSON\n`)
  const refused = await nacre(['finetune', at('gpt'), '--out', at('broken'), '--data', broken])
  expect(refused).toMatchObject({ code: 1, stdout: '' })
  expect(refused.stderr).toContain('2 problems')
  expect(refused.stderr).toContain('broken.jsonl, line 2')
})

test('records under "data" are read by what they are', async () => {
  const records = reviews.map(([text, label]) => ({ text, label: ` ${label} ` }))
  writeFileSync(at('data.json'), JSON.stringify({ data: records }))
  const learned = await nacre(finetune('data', '--data', at('data.json'), '--epochs', '1'))
  expect(learned).toMatchObject({ code: 0, stderr: '' })
  expect(JSON.parse(readFileSync(at('data/config.json'), 'utf8')).id2label).toEqual({ '0': 'bad', '1': 'good' })
})

test('what the vocabulary cannot write is left out and counted, where that is asked for', async () => {
  const odd = reviews.map(([text, label], i) => `${i === 3 ? `${text}☃` : text},${label}`)
  writeFileSync(at('odd.csv'), ['text,label', ...odd].join('\n'))
  const learned = await nacre(finetune('odd', '--data', at('odd.csv'), '--epochs', '1', '--skip-malformed'))
  expect(learned).toMatchObject({ code: 0, stderr: expect.stringMatching(/^1 record was left out, the first: .*☃/) })
  const begun = finetune('odd-parts', '--data', at('odd.csv'), '--epochs', '9', '--skip-malformed', '--save-every', '1')
  expect((await nacre(begun, 'step 9')).stdout).toContain('Go on with: nacre finetune --resume')
  const resumed = await nacre(['finetune', '--resume', '--out', at('odd-parts')])
  expect(resumed).toMatchObject({ code: 0, stderr: expect.stringMatching(/^1 record was left out/) })
  const evaluate = ['evaluate', at('odd'), '--data', at('odd.csv')]
  expect((await nacre(evaluate)).code).toBe(1)
  const skipping = await nacre([...evaluate, '--faulty', 'skip', '--json'])
  expect(JSON.parse(skipping.stdout)).toMatchObject({ foreign: 1, examples: reviews.length - 1 })
  const none = await nacre(['evaluate', at('odd'), '--data', at('foreign.csv'), '--faulty', 'skip'])
  expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('Received none in')])

  const answers = places.map((place, i) => ({ prompt: place, completion: i % 2 === 0 ? ' good' : ' ☃' }))
  writeFileSync(at('odd.jsonl'), lines(answers))
  const answered = await nacre(finetune('odd-answers', '--data', at('odd.jsonl'), '--epochs', '1', '--skip-malformed'))
  expect(answered).toMatchObject({ code: 0, stderr: expect.stringMatching(/^3 records were left out, the first: /) })
})

test.each([
  [['finetune'], 2, 'RUN expected the folder of a language model. Received none.'],
  [['finetune', at('nowhere'), '--data', at('reviews.csv')], 2, 'which does not exist'],
  [finetune('gpt', '--data', at('reviews.csv')), 2, 'Option --out expected a folder that neither is nor holds'],
  [finetune('x', '--data', at('reviews.csv'), '--metric', 'token-f1'), 2, 'expected one of classes: loss, accuracy'],
  [finetune('x'), 2, 'Option --data expected what is learned from'],
  [
    finetune('x', '--data', 'alpcaa'),
    2,
    'or a dataset that this learns from. Received "alpcaa". Did you mean "alpaca"?',
  ],
  [finetune('x', '--data', 'my.parquet'), 2, 'expected a file that exists, or a dataset'],
  [finetune('x', '--data', at('text.txt')), 2, 'expected a file of records'],
  [
    finetune('x', '--data', at('foreign.csv')),
    1,
    'expected a text that the model\'s vocabulary can write, received "ß"',
  ],
  [finetune('x', '--data', at('reviews.csv'), '--lora', '2', '--lora-targets', 'q_proj'), 2, 'Received "q_proj"'],
  [finetune('x', '--data', at('reviews.csv'), '--lora-alpha', '2'), 2, 'Option --lora-alpha expected adapters, --lora'],
  [
    finetune('x', '--data', at('reviews.csv'), '--too-long', 'error'),
    2,
    'Option --too-long expected to be left out where classes are learned. Received error. Texts that',
  ],
  [
    finetune('x', '--data', at('empty.csv')),
    1,
    'expected at least one record. Received none. Is it more than a header',
  ],
  [
    finetune('x', '--data', at('mixed.jsonl'), '--task', 'classify'),
    1,
    'expected records with a label alone, as --task classify learns them. Received 1 of 2 records without one.',
  ],
  [finetune('x', '--data', at('reviews.csv'), '--in-order'), 2, 'Option --in-order expected to be left out'],
  [['finetune', '--resume', '--out', at('x')], 2, 'Option --resume expected a run of fine-tuned-classifier'],
])('%j fails with a reason', async (words, code, message) => {
  const failed = await nacre(words)
  expect({ code: failed.code, stdout: failed.stdout }).toEqual({ code, stdout: '' })
  expect(failed.stderr).toContain(message)
})
