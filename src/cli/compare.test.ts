import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type Host, runCommandLine } from './command.ts'
import { commands } from './commands.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-compare-'))
afterAll(() => rmSync(directory, { recursive: true }))

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

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

const english = file('out.en', 'The cat sat on the mat.\n\n')
const first = file('first.en', 'The cat sits on the mat.\nIt rains.\n')

// The three lines are what sacrebleu 2.6.0 prints for these sentences.
test('English: BLEU, chrF and chrF++ as sacrebleu prints them', async () => {
  expect(await nacre('compare', english, first)).toEqual({
    code: 0,
    stderr: '',
    stdout: `BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:2.6.0 = 31.85 85.7/66.7/40.0/25.0 (BP = 0.651 ratio = 0.700 hyp_len = 7 ref_len = 10)
chrF2|nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:2.6.0 = 52.49
chrF2++|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:2.6.0 = 53.92
`,
  })
})

test('Chinese: by characters; more references; for programs', async () => {
  const [out, one, two] = [file('o', '他来了。\n'), file('a', '他来了！\n'), file('b', '他已经来了。\n')]
  const { code, stdout } = await nacre('compare', out, one, two, '--json')
  const [bleu] = stdout.split('\n').map(line => line && JSON.parse(line))
  expect(code).toBe(0)
  expect(bleu).toMatchObject({ name: 'BLEU', signature: expect.stringMatching(/^nrefs:2\|.*\|tok:zh\|/) })
})

test('files of different lengths, an empty one, none, an unknown tokenization', async () => {
  expect(await nacre('compare', english, file('c', 'one\n'))).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/c expected 2 lines, as many as .*out\.en has\. Received 1\. Sentence by sentence/),
  })
  expect(await nacre('compare', english, file('d', ''))).toMatchObject({ code: 1, stdout: '' })
  expect(await nacre('compare', english, join(directory, 'no'))).toMatchObject({ code: 1, stdout: '' })
  expect(await nacre('compare', english)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('expected REFERENCES. Received none. Usage: nacre compare'),
  })
  expect(await nacre('compare', english, first, '--tokenize', 'zg')).toMatchObject({
    code: 2,
    stderr: 'OptionError: Option --tokenize expected one of 13a, zh, char, none. Received "zg". Did you mean "zh"?\n',
  })
})
