import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nacre } from '../../test/command-line.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-bert-'))
afterAll(() => rmSync(directory, { recursive: true }))

/** Documents of one animal or several: what it does can be read off its name, and its name off what it does. */
function corpus(name: string, sentences: readonly string[], animals: readonly (readonly [string, string])[]): string {
  const documents = Array.from({ length: 300 }, (_, i) =>
    Array.from({ length: 1 + (i % 4) }, (_, j) => {
      const [animal, sound] = animals[(Math.floor(i / 4) + j * (i % 2)) % 4]
      return sentences[(i * 7 + j * (1 + (i % 3))) % 4].replace('A', animal).replace('S', sound)
    }).join('\n'),
  )
  const path = join(directory, name)
  writeFileSync(path, `${documents.join('\n\n')}\n`)
  return path
}
const english = corpus(
  'en.txt',
  ['The A S in the morning.', 'In the evening the A S too.', 'We like how the A S.', 'Listen, the A S.'],
  [
    ['cat', 'meows'],
    ['dog', 'barks'],
    ['cow', 'moos'],
    ['bird', 'sings'],
  ],
)
const chinese = corpus(
  'zh.txt',
  ['早上AS。', '晚上A也S。', '我们喜欢听AS。', '听，AS。'],
  [
    ['小猫', '喵喵'],
    ['小狗', '汪汪'],
    ['奶牛', '哞哞'],
    ['小鸟', '唱歌'],
  ],
)

const train = (data: string, out: string, ...words: readonly string[]) => [
  ...['train', 'bert', '--data', data, '--out', join(directory, out), '--layers', '2', '--heads', '2'],
  ...['--channels', '32', '--context', '32', '--vocabulary', '120', '--batch-size', '16', '--dropout', '0'],
  ...['--learning-rate', '5e-3', '--warm-up', '20', '--threads', '1', ...words],
]
const best = async (out: string, text: string): Promise<string[]> => {
  const { stdout } = await nacre(['fill', join(directory, out), text, '--json'])
  const { masks } = JSON.parse(stdout) as { masks: { fillings: { token: string; probability: number }[] }[] }
  return masks.map(({ fillings }) => fillings[0].token)
}

test('English: words are filled in, and neighbours of texts named', async () => {
  const trained = await nacre(train(english, 'en', '--steps', '400', '--evaluate-every', '200'))
  expect(trained).toMatchObject({ code: 0, stderr: '' })
  expect(trained.stdout).toMatch(/^bert: [\d,]+ parameters, vocabulary \d+\ntext: [\d,]+ tokens in 285 documents/)
  const last = [...trained.stdout.matchAll(/held out: ([\d.]+) % of masked words right/g)].at(-1)!
  expect(Number(last[1])).toBeGreaterThan(50)
  expect(Number(last[1])).toBeLessThanOrEqual(100)
  expect(await best('en', 'In the [MASK] the cat meows too.')).toEqual(['evening'])
  expect(['meows', 'barks', 'moos', 'sings']).toContain((await best('en', 'In the evening the dog [MASK] too.'))[0])
  const shown = await nacre(['fill', join(directory, 'en'), 'In the [MASK] the cat meows [MASK].', '--top', '2'])
  expect(shown.stdout).toMatch(/^\[MASK\] 1 of 2\nevening +0\.\d+ {2}━+\n.*\n\n\[MASK\] 2 of 2\ntoo /)

  const texts = ['The cat meows in the morning.', 'The dog barks in the morning.', 'We like how the bird sings.']
  const similar = await nacre(['similar', join(directory, 'en'), 'In the evening the cat meows too.', ...texts])
  expect(similar.stdout).toMatch(/^The cat meows in the morning\. +0\.\d+\n/)
  const file = join(directory, 'texts.txt')
  writeFileSync(file, `${texts.join('\n')}\n\n${texts[0]}\n`)
  const fromFile = await nacre(['similar', join(directory, 'en'), 'The bird sings.', '--texts', file, '--count', '2'])
  expect(fromFile.stdout.trim().split('\n')).toHaveLength(2)
})

test('Chinese with whole words by jieba; a run that is interrupted goes on to the same weights', async () => {
  const words = [
    '--steps',
    '400',
    '--masking',
    'words',
    '--segmenter',
    'jieba',
    '--save-every',
    '60',
    '--dropout',
    '0.1',
    '--optimizer',
    'muon',
  ]
  expect((await nacre(train(chinese, 'zh', ...words))).code).toBe(0)
  expect((await best('zh', '早上[MASK][MASK]唱歌。'))[0]).toBe('小')

  const stopped = await nacre(train(chinese, 'parts', ...words), 'step 100/')
  expect(stopped.stdout).toContain('Go on with: nacre train bert --resume --out')
  const out = join(directory, 'parts')
  expect(await nacre(['train', '--resume', '--out', out])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`Try: nacre train bert --resume --out ${out}`),
  })
  const resumed = await nacre(['train', 'bert', '--resume', '--out', out])
  expect(resumed.stdout).toMatch(/resumed at step 10\d of 400/)
  for (const file of ['model.safetensors', 'training/state.safetensors'])
    expect(readFileSync(join(out, file)).equals(readFileSync(join(directory, 'zh', file)))).toBe(true)
  expect(await nacre(['train', 'bert', '--resume', '--out', out, '--channels', '64'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('Option --channels expected 32, with which the run was started. Received 64.'),
  })
})

test('bad input', async () => {
  const fails = async (words: readonly string[], code: number, message: string) =>
    expect(await nacre(words)).toMatchObject({ code, stderr: expect.stringContaining(message) })
  const en = join(directory, 'en')
  const wide = join(directory, 'wide.txt')
  writeFileSync(wide, `${Array.from({ length: 60 }, (_, i) => String.fromCodePoint(0x4e00 + i)).join('')}\n`.repeat(9))
  await fails(train(wide, 'narrow', '--vocabulary', '40'), 2, 'Option --vocabulary expected at least 65')
  await fails(['fill', en, 'No mask.'], 2, 'TEXT expected a text with [MASK]. Received "No mask.".')
  await fails(['fill', en, `[MASK] ${'the '.repeat(40)}`], 2, 'TEXT expected at most 32 tokens. Received 43 tokens')
  await fails(['fill', join(directory, 'none'), '[MASK]'], 2, 'RUN expected the folder of a BERT.')
  const other = join(directory, 'other')
  mkdirSync(other)
  await fails(['fill', other, '[MASK]'], 1, 'Is it the folder of a trained model?')
  writeFileSync(join(other, 'config.json'), '{"model_type":"gpt2"}')
  await fails(['fill', other, '[MASK]'], 1, 'expected model_type "bert". Received "gpt2".')
  await fails(['similar', en, 'The cat meows.'], 2, 'TEXT expected texts to compare with. Received none.')
  await fails(['similar', other, 'cat', 'dog'], 2, 'nacre similar expected one word, with vectors of words.')

  await fails(['train', 'bert'], 2, 'Option --data expected a text file or the name of a dataset. Received none.')
  await fails(['train', 'bert', '--resume', '--out', join(directory, 'none')], 2, 'expected a run of bert with')
  await fails(train(english, 'wrong', '--heads', '5'), 2, 'channels expected a multiple of heads (5). Received 32.')
  await fails(train(english, 'wrong', '--micro-batch-size', '3'), 2, 'expected a divisor of --batch-size (16)')
  await fails(train(english, 'wrong', '--tokenizer', 'none.txt'), 2, 'Option --tokenizer expected a vocab.txt')
  await fails(train(english, 'wrong', '--tokenizer', english), 1, 'vocab.txt expected')
  const one = join(directory, 'one.txt')
  writeFileSync(one, 'Only one sentence here.\n')
  await fails(train(one, 'wrong'), 2, 'The text expected at least two documents, one of which is held out.')
})
