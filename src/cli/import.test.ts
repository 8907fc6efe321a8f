import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nacre } from '../../test/command-line.ts'
import { openAIGPTFiles } from '../../test/openai-gpt-folder.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-import-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string): string => join(directory, name)

/** The other sources are imported by their own tests: llama.test.ts, recurrent-models.test.ts. */
test('GPT-1 as it was released: imported, asked, and refused where files are missing', async () => {
  mkdirSync(at('released'))
  for (const [name, data] of Object.entries(openAIGPTFiles())) writeFileSync(at(`released/${name}`), data)
  const words = ['import', at('released'), '--heads', '3', '--out', at('gpt')]
  const imported = await nacre(words)
  expect(imported).toMatchObject({ code: 0, stderr: '' })
  expect(imported.stdout).toBe(`gpt: 16,056 parameters, vocabulary 53\nThe model is in ${at('gpt')}.\n`)
  const written = await nacre(['generate', at('gpt'), '--prompt', 'to be', '--tokens', '3', '--temperature', '0'])
  expect(written).toMatchObject({ code: 0, stderr: '' })
  expect(written.stdout).toMatch(/^to be/)

  const odd = await nacre(words.with(3, '5'))
  expect(odd).toMatchObject({ code: 1, stdout: '' })
  expect(odd.stderr).toContain('params_shapes.json, channels, expected a multiple of heads (5). Received 24.')
  rmSync(at('released/params_2.npy'))
  const missing = await nacre(words)
  expect(missing).toMatchObject({ code: 1, stdout: '' })
  expect(missing.stderr).toContain('16,056 numbers, by the shapes. Received 1,001 in 2 files. Is a file missing?')
})
