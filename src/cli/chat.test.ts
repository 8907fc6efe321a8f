import { createInterface } from 'node:readline/promises'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { prompts } from './chat.ts'

test('Ctrl-D while the model still writes ends the conversation', async () => {
  const input = new PassThrough()
  const lines = createInterface({ input, output: new PassThrough(), terminal: true })
  setImmediate(() => input.write('Hello!\n'))
  const seen: string[] = []
  for await (const line of prompts(lines, true)) {
    seen.push(line)
    lines.close()
  }
  expect(seen).toEqual(['Hello!'])
})
