import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nacre } from '../../test/command-line.ts'

const folder = mkdtempSync(join(tmpdir(), 'nacre-start-'))
afterAll(() => rmSync(folder, { recursive: true }))

test('it reads, learns to answer, is asked, and can be talked to', async () => {
  const out = join(folder, 'run')
  const small = ['--documents', '100', '--conversations', '40', '--questions', '3', '--no-talk']
  const { code, stdout, stderr } = await nacre(['start', ...small, '--out', out])
  expect(code).toBe(0)
  expect(stderr).toMatch(
    /^(\d examples are longer than the context and were left out \(--too-long drop, --context\)\.\n)?$/,
  )
  expect(stdout).toMatch(/1\. It reads.*2\. It learns to answer.*3\. It is asked/s)
  expect(stdout).toMatch(/English: \d of 3 questions answered exactly right, \d+\.0 % \(95 % confidence: /)
  expect(stdout).toMatch(/Chinese: \d of 3 questions/)
  expect(existsSync(join(out, 'base', 'model.safetensors'))).toBe(true)
  const chat = JSON.parse(readFileSync(join(out, 'tokenizer_config.json'), 'utf8'))
  expect(chat.chat_template).toContain('<|assistant|>')
  const generation = JSON.parse(readFileSync(join(out, 'generation_config.json'), 'utf8'))
  expect(generation).toMatchObject({ do_sample: false }) // its answers are the likeliest ones

  const resumed = await nacre(['start', ...small, '--resume', '--out', out])
  expect(resumed.code).toBe(0)
  expect(resumed.stdout).toMatch(/resumed at step \d+ of \d+.*resumed at step.*3\. It is asked/s)
}, 120_000)
