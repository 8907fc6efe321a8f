import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Host, runCommandLine } from './command.ts'
import { commands } from './commands.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-tfidf-'))
afterAll(() => rmSync(directory, { recursive: true }))

async function nacre(...words: readonly string[]) {
  const out = { code: 0, stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: 100,
    write(text: string) {
      out[name] += text
    },
  })
  const host: Host = { version: '0', environment: {}, stdout: sink('stdout'), stderr: sink('stderr'), onInterrupt() {} }
  out.code = await runCommandLine(words, commands, host)
  return out
}

/** A table of short reviews. */
function table(name: string, good: readonly string[], bad: readonly string[], join_ = ' '): string {
  const rows = ['label\ttext']
  for (const a of good) for (const b of good) rows.push(`good\t${a}${join_}${b}`)
  for (const a of bad) for (const b of bad) rows.push(`bad\t${a}${join_}${b}`)
  const path = join(directory, name)
  writeFileSync(path, `${rows.join('\n')}\n`)
  return path
}

test('English and Chinese reviews are learned from a file, and classified', async () => {
  const run = join(directory, 'run')
  const english = table('en.tsv', ['lovely', 'wonderful', 'warm', 'clever'], ['dull', 'awful', 'cold', 'clumsy'])
  const trained = await nacre('train', 'tfidf', '--data', english, '--out', run, '--l2', '1e-4', '--epochs', '300')
  expect(trained).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^29 texts, 2 classes, \d+ terms by intl-en\n/),
  })
  const { stdout } = await nacre('classify', run, 'A warm and lovely film', '--json')
  expect(JSON.parse(stdout)).toMatchObject({ label: 'good' })
  expect((await nacre('classify', run, 'zebra')).stdout).toContain('It has no word that the model knows.')

  const chinese = table('zh.tsv', ['很好', '喜欢', '推荐'], ['很差', '讨厌', '失望'], '，')
  const words = ['--segmenter', 'jieba', '--l2', '1e-4', '--epochs', '300', '--json']
  expect((await nacre('train', 'tfidf', '--data', chinese, '--out', run, ...words)).code).toBe(0)
  expect(JSON.parse((await nacre('classify', run, '我喜欢，推荐', '--json')).stdout)).toMatchObject({ label: 'good' })
  expect(JSON.parse((await nacre('classify', run, '太失望了', '--json')).stdout)).toMatchObject({ label: 'bad' })
})

test('bad input', async () => {
  const file = join(directory, 'bad.tsv')
  writeFileSync(file, 'text\tclass\ngood\t1\n')
  expect(await nacre('train', 'tfidf', '--data', file)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('bad.tsv, line 1, expected a column called "label". Received "text", "class".'),
  })
  writeFileSync(file, 'text\tlabel\ngood\t1\nbad\t1\n')
  expect(await nacre('train', 'tfidf', '--data', file)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('bad.tsv expected texts of at least two labels. Received 2 texts with 1 labels.'),
  })
  expect(await nacre('train', 'tfidf')).toMatchObject({ code: 2, stderr: expect.stringContaining('Datasets: sst2, ') })
  expect(await nacre('train', 'tfidf', '--data', 'sst')).toMatchObject({
    code: 2,
    stderr:
      'OptionError: Option --data expected a file that exists, or a dataset that this learns from. Received "sst". Did you mean "sst2"?\n',
  })
  expect(await nacre('train', 'tfidf', '--data', file, '--idf', 'smoth')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Did you mean "smooth"?'),
  })
})
