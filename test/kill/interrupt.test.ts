import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openSafetensors } from '../../src/checkpoints/safetensors.ts'
import { nodeStorage } from '../../src/storage/node.ts'
import { stateFile } from '../../src/training/checkpoint.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-interrupt-'))
afterAll(() => rmSync(directory, { recursive: true }))
const data = join(directory, 'text.txt')
writeFileSync(data, 'the sea makes a pearl of sand and time '.repeat(200))
const main = resolve(import.meta.dirname, '../../src/cli/main.ts')

/** Trains in a process of its own and interrupts it after its first checkpoint. */
function interrupted(out: string, signal: NodeJS.Signals) {
  const size = '--layers 2 --heads 2 --channels 32 --context 32 --threads 1 --steps 1000000 --save-every 5'
  const words = `${main} train gpt2 --data ${data} ${size} --json --out ${out}`.split(' ')
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  child.stdout.on('data', lines => {
    const isFirst = !stdout.includes('"saved"') && String(lines).includes('"saved"')
    stdout += String(lines)
    if (isFirst) child.kill(signal)
  })
  return new Promise<{ exit: number | NodeJS.Signals | null; last: { type: string; step: number } }>(done => {
    child.once('close', (code, killedBy) => {
      const last = stdout.trimEnd().split('\n').at(-1) ?? ''
      done({ exit: killedBy ?? code, last: JSON.parse(last) })
    })
  })
}

test.skipIf(process.platform === 'win32').each(['SIGINT', 'SIGTERM'] as const)(
  '%s saves the present step and ends well',
  async signal => {
    const out = join(directory, signal)
    const { exit, last } = await interrupted(out, signal)
    expect(exit).toBe(0)
    expect(last.type).toBe('stopped')
    expect(last.step).toBeGreaterThanOrEqual(5)
    const { metadata } = await openSafetensors(nodeStorage(out), stateFile)
    expect(metadata.step).toBe(String(last.step))
  },
)
