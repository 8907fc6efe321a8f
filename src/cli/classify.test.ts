import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encode } from 'fast-png'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { drawDigit, drawnDigits } from '../../test/drawn-digits.ts'
import type { Digits } from '../data/mnist.ts'
import { runCommandLine } from './command.ts'
import { commands } from './commands.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-classify-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string) => join(directory, name)

async function nacre(...words: string[]) {
  const out = { code: 0, stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: 100,
    write(text: string) {
      out[name] += text
    },
  })
  const host = { version: '0', environment: {}, stdout: sink('stdout'), stderr: sink('stderr'), onInterrupt() {} }
  out.code = await runCommandLine(words, commands, host)
  return out
}

/** Four idx files, as MNIST's. */
function writeDigits(folder: string, train: Digits, test: Digits): void {
  mkdirSync(folder)
  const idx = (sizes: number[], data: Uint8Array) => {
    const header = Buffer.alloc(4 + 4 * sizes.length)
    header.writeUInt32BE(0x0800 + sizes.length)
    for (const [i, size] of sizes.entries()) header.writeUInt32BE(size, 4 + 4 * i)
    return Buffer.concat([header, data])
  }
  for (const [name, { count, pixels, labels }] of [
    ['train', train],
    ['t10k', test],
  ] as const) {
    writeFileSync(join(folder, `${name}-images-idx3-ubyte`), idx([count, 28, 28], pixels))
    writeFileSync(join(folder, `${name}-labels-idx1-ubyte`), idx([count], labels))
  }
}

const small = '--layers 1 --channels 48 --batch-size 50 --steps 300 --learning-rate 0.05 --evaluate-every 100'
const digits = at('digits')
const run = at('run')
let training = ''
beforeAll(async () => {
  writeDigits(digits, drawnDigits(800, 1), drawnDigits(200, 2))
  const { stdout, stderr } = await nacre('train', 'mlp', '--data', digits, '--out', run, ...small.split(' '))
  if (stderr !== '') throw new Error(stderr)
  training = stdout
})

/** A PNG of a digit, black on white. */
function draw(name: string, digit: number): string {
  const ink = drawDigit(digit, { size: 140, width: 12, scale: 0.8, at: [20, 14] })
  writeFileSync(
    at(name),
    encode({ width: 140, height: 140, channels: 1, data: Uint8Array.from(ink, v => 255 - 255 * v) }),
  )
  return at(name)
}

test('train shows what it does', () => {
  expect(training).toMatch(/^mlp: 38,170 parameters, 10 classes\n720 examples to learn from, 80 held out\n300 steps of/)
  expect(training).toMatch(/step 300: held out: error \d+\.\d\d %, loss \d\.\d{4}/)
  expect(training).toMatch(/Done\. The model is in .*run; its loss is plotted in .*loss\.svg\.\n$/)
})

test('a run goes on, and --json prints records', async () => {
  const { stdout, code } = await nacre('train', '--resume', '--out', run, '--steps', '310', '--json')
  expect(code).toBe(0)
  const records = stdout
    .trim()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(records[0]).toMatchObject({ type: 'start', from: 300, steps: 310 })
  expect(records.at(-1)).toMatchObject({ type: 'done', step: 310 })
})

test('classify reads PNG pictures and drawings in characters', async () => {
  const files = [draw('three.png', 3), draw('seven.png', 7)]
  const { stdout, stderr } = await nacre('classify', run, ...files)
  expect(stderr).toBe('')
  expect(stdout).toMatch(/^.*three\.png: 3 \(\d+\.\d %\)\n\n {2}┌─{56}┐\n( {2}│[ ░▒▓█]{56}│\n){28} {2}└─{56}┘\n\n0 +\d/)
  expect(stdout).toMatch(/^7 {2} +\d+\.\d %( {2}━+)?$/m)
  expect(stdout).toMatch(/\n\n.*seven\.png: 7 \(/)

  // What it shows is itself a drawing that it reads.
  const shown = [...stdout.split('seven.png')[0].matchAll(/│(.*)│/g)].map(match => match[1]).join('\n')
  writeFileSync(at('shown.txt'), shown)
  const record = JSON.parse((await nacre('classify', run, at('shown.txt'), '--json')).stdout)
  expect(record).toMatchObject({ type: 'classification', input: at('shown.txt'), label: '3' })
  const probabilities: number[] = Object.values(record.probabilities)
  expect(probabilities.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 4)
})

test('evaluate measures the test digits', async () => {
  const { stdout, code } = await nacre('evaluate', run, '--data', digits)
  expect(code).toBe(0)
  expect(stdout).toMatch(/200 test digits\nerror +\d+\.\d\d %\nloss +\d\.\d{4} nats per digit\n/)
  const record = JSON.parse((await nacre('evaluate', run, '--data', digits, '--json')).stdout)
  expect(record).toMatchObject({ type: 'evaluation', digits: 200 })
  expect(record.errorRate).toBeLessThan(0.1)
})

test('bad input', async () => {
  const bad = async (...words: string[]) => {
    const { code, stderr } = await nacre(...words)
    return `${code} ${stderr}`
  }
  writeFileSync(at('text.png'), 'no picture')
  writeFileSync(at('blank.png'), encode({ width: 30, height: 30, channels: 1, data: new Uint8Array(900).fill(255) }))
  expect(await bad('classify', run, at('text.png'))).toMatch(/^1 DataError: .*text\.png expected a PNG picture/)
  expect(await bad('classify', run, at('blank.png'))).toMatch(
    /^1 DataError: .*blank\.png expected a picture of a digit/,
  )
  expect(await bad('classify', run, at('gone.png'))).toMatch(/^1 StorageError: .*gone\.png expected a file that exists/)
  expect(await bad('classify', at('none'), 'a.png')).toMatch(/^2 OptionError: RUN expected the folder of a trained/)
  expect(await bad('classify', directory, 'a.png')).toMatch(/^1 CheckpointError: .*config\.json expected a file/)
  expect(await bad('classify', run)).toMatch(/^2 OptionError: nacre classify expected INPUT/)
  mkdirSync(at('gpt'))
  writeFileSync(at('gpt/config.json'), '{"model_type":"gpt2"}')
  expect(await bad('classify', at('gpt'), 'a.png')).toMatch(
    /^1 CheckpointError: .*of a classifier: mlp.*Received "gpt2"/,
  )
  expect(await bad('generate', run)).toMatch(
    /^1 CheckpointError: .*Received "mlp"\. A classifier answers nacre classify/,
  )
  expect(await bad('train', 'mlp', '--data', at('text.png'))).toMatch(/^2 OptionError: Option --data expected "mnist"/)
  expect(await bad('train', 'mlp', '--data', digits, '--heads', '2')).toMatch(/^2 OptionError: Option --heads expected/)
  writeFileSync(
    join(digits, 'train-labels-idx1-ubyte'),
    readFileSync(join(digits, 'train-labels-idx1-ubyte')).subarray(0, 9),
  )
  expect(await bad('train', 'mlp', '--data', digits)).toMatch(
    /^1 DataError: .*train-labels.* expected 808 bytes for 800/,
  )
  writeFileSync(join(digits, 'train-labels-idx1-ubyte'), 'nonsense')
  expect(await bad('train', 'mlp', '--data', digits)).toMatch(/^1 DataError: .*the magic number 0x00000801/)
})
