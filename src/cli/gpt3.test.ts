/** GPT-3 through the commands: trained, asked in both languages, and computed by transformers. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nacre } from '../../test/command-line.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-gpt3-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string): string => join(directory, name)

const size = '--layers 3 --heads 2 --channels 24 --context 32 --band 3 --batch-size 4 --dropout 0.1'
const rhythm = '--steps 40 --save-every 40 --evaluate-every 40 --sample-every 40 --sample-tokens 8'
const trainWords = (words: string) => `train gpt3 --data ${at('text.txt')} ${words}`.split(' ')
let trained: Awaited<ReturnType<typeof nacre>>
beforeAll(async () => {
  writeFileSync(at('text.txt'), 'To be, or not to be, that is the question.\n话说天下大势，分久必合。\n'.repeat(30))
  trained = await nacre(trainWords(`${size} ${rhythm} --out ${at('run')}`))
})

test('leaves a folder of GPTNeoForCausalLM that generates, scores and goes on', async () => {
  expect(trained).toMatchObject({ code: 0, stderr: '' })
  const config = JSON.parse(readFileSync(at('run/config.json'), 'utf8'))
  expect(config).toMatchObject({ architectures: ['GPTNeoForCausalLM'], window_size: 3, num_layers: 3 })
  for (const prompt of ['To be', '话说']) {
    const words = ['generate', at('run'), '--prompt', prompt, '--tokens', '40', '--seed', '3']
    const first = await nacre(words)
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(first.stdout.startsWith(prompt)).toBe(true)
    expect((await nacre(words)).stdout).toBe(first.stdout)
  }
  const resumed = await nacre(`train --resume --out ${at('run')} --steps 50`.split(' '))
  expect(resumed).toMatchObject({ code: 0, stderr: '' })
})

test('is computed alike by transformers', async context => {
  const python = env.NACRE_PYTHON
  context.skip(python === undefined, 'needs a Python with transformers: $NACRE_PYTHON')
  const { stdout } = await nacre(['score', at('run'), 'To be, or not to be, 话说天下大势', '--json'])
  writeFileSync(at('ours.json'), stdout)
  const script = resolve(import.meta.dirname, '../../scripts/check-transformers.py')
  const checked = spawnSync(python!, [script, at('run'), '--ours', at('ours.json')], { encoding: 'utf8' })
  expect(checked.status === 0 ? 'equal' : `${checked.stdout}${checked.stderr}`).toBe('equal')
})

test('instructions are learned in packed rows, and choices compared', async () => {
  const records = ['to be', 'not', '天下'].map(text => ({ prompt: `${text},`, completion: ` ${text}` }))
  writeFileSync(at('told.jsonl'), records.map(record => `${JSON.stringify(record)}\n`).join(''))
  const words = ['finetune', at('run'), '--data', at('told.jsonl'), '--out', at('told'), '--epochs', '2']
  expect(await nacre([...words, '--batch-size', '2', '--lora', '2'])).toMatchObject({ code: 0 })
  const asked = ['classify', at('run'), 'To be, or', '--choices', 'not,sat', '--json']
  expect(Object.keys(JSON.parse((await nacre(asked)).stdout).probabilities)).toEqual(['not', 'sat'])
})

test.each([
  ['gpt3', '--band 0', 'Option --band expected an integer of at least 1. Received 0.'],
  ['gpt3', '--hidden-size 4', 'expected a size of gpt3: --layers, --heads, --channels, --bias, --band.'],
  ['gpt2', '--band 4', '--band belongs to gpt3.'],
])('%s with %s is refused', async (model, words, message) => {
  const failed = await nacre(`train ${model} --data ${at('text.txt')} ${words} --out ${at('refused')}`.split(' '))
  expect(failed).toMatchObject({ code: 2, stdout: '' })
  expect(failed.stderr).toContain(message)
})
