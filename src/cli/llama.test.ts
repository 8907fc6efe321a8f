/** Llama through every command: one that is trained, and one that others trained. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, describe, expect, type TestContext, test } from 'vitest'
import { runCommandLine } from './command.ts'
import { commands } from './commands.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-llama-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string) => join(directory, name)

async function nacre(...words: string[]) {
  const written = { stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: 100,
    write: (piece: string) => {
      written[name] += piece
    },
  })
  const host = { version: '0', environment: {}, stdout: sink('stdout'), stderr: sink('stderr'), onInterrupt() {} }
  const code = await runCommandLine(words, commands, host)
  return { code, ...written }
}

/** Scores a text as `nacre score` does, and holds ids and numbers against transformers'. */
async function expectTransformers(context: TestContext, run: string, text: string): Promise<void> {
  const python = env.NACRE_PYTHON
  context.skip(python === undefined, 'needs a Python with transformers: $NACRE_PYTHON')
  writeFileSync(at('ours.json'), (await nacre('score', run, text, '--json')).stdout)
  const script = resolve(import.meta.dirname, '../../scripts/check-transformers.py')
  const { status, stdout, stderr } = spawnSync(python!, [script, run, '--ours', at('ours.json')], { encoding: 'utf8' })
  expect(status === 0 ? 'equal' : `${stdout}${stderr}`).toBe('equal')
}

describe('trained here', () => {
  const size = '--layers 1 --heads 4 --key-value-heads 2 --channels 16 --context 16 --batch-size 4 --dropout 0.1'
  const rhythm = '--steps 40 --save-every 40 --evaluate-every 40 --sample-every 40 --sample-tokens 8'
  let trained: Awaited<ReturnType<typeof nacre>>
  beforeAll(async () => {
    writeFileSync(at('text.txt'), 'To be, or not to be, that is the question.\n话说天下大势，分久必合。\n'.repeat(30))
    const words = `train llama --data ${at('text.txt')} ${size} ${rhythm} --out ${at('run')}`
    trained = await nacre(...words.split(' '))
  })

  test('begins with weights that look things up where it is told to; what cannot is told before anything is written', async () => {
    const rest = '--layers 2 --context 16 --batch-size 4 --steps 2 --sample-every 0 --first-weights look-up'
    const train = (model: string, sizes: string) =>
      nacre(...`train ${model} --data ${at('text.txt')} ${rest} --out ${at('look-up')} ${sizes}`.trim().split(' '))
    expect(await train('gpt2', '')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(
        'Option --first-weights of a gpt2 expected random or neighbours. Received look-up.',
      ),
    })
    expect(await train('llama', '--heads 4 --key-value-heads 2 --channels 128')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('expected keys and values of its own for each head. Received 2 for 4 heads.'),
    })
    expect(existsSync(at('look-up'))).toBe(false)
    expect(await train('llama', '--heads 4 --key-value-heads 4 --channels 128')).toMatchObject({ code: 0, stderr: '' })
    const { stdout } = await nacre('generate', at('look-up'), '--prompt', 'To be', '--tokens', '3')
    expect(stdout.startsWith('To be')).toBe(true)
  })

  test('leaves a folder of LlamaForCausalLM that generates, scores and predicts in both languages', async () => {
    expect(trained).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(readFileSync(at('run/config.json'), 'utf8'))).toMatchObject({
      ...{ model_type: 'llama', num_attention_heads: 4, num_key_value_heads: 2, intermediate_size: 64 },
    })
    for (const prompt of ['To be', '话说']) {
      const words = ['generate', at('run'), '--prompt', prompt, '--tokens', '30', '--seed', '3']
      const first = await nacre(...words)
      expect(first).toMatchObject({ code: 0, stderr: '' })
      expect(first.stdout.startsWith(prompt)).toBe(true)
      expect((await nacre(...words)).stdout).toBe(first.stdout)
    }
    const { stdout } = await nacre('score', at('run'), '话说天下', '--json')
    expect(JSON.parse(stdout).logProbabilities).toHaveLength(3)
    expect((await nacre('next', at('run'), 'To b', '--top', '2')).stdout.split('\n')).toHaveLength(3)
  })

  test('is computed alike by transformers', context => expectTransformers(context, at('run'), 'To be, 话说'))

  test('goes on where it stopped', async () => {
    const resumed = await nacre(...`train --resume --out ${at('run')} --steps 50`.split(' '))
    expect(resumed).toMatchObject({ code: 0, stderr: '' })
  })

  test.each([
    ['--key-value-heads 3', 'keyValueHeads expected a divisor of heads (4). Received 3.'],
    ['--channels 12 --heads 4', 'channels expected an even number of channels in each head'],
    [
      '--hidden-size 4',
      'Option --hidden-size expected a size of llama: --layers, --heads, --channels, --key-value-heads, --tied.',
    ],
  ])('%s is refused', async (words, message) => {
    const all = `train llama --data ${at('text.txt')} --key-value-heads 1 ${words} --out ${at('refused')}`
    const failed = await nacre(...all.split(' '))
    expect([failed.code, failed.stdout]).toEqual([2, ''])
    expect(failed.stderr).toContain(message)
  })
})

const folder = join(env.NACRE_DATA_MIRROR ?? '', 'weights/stories260K')
const isThere = env.NACRE_DATA_MIRROR !== undefined && existsSync(folder)

describe.skipIf(!isThere)('stories260K [needs $NACRE_DATA_MIRROR]', () => {
  test('is imported, as a dataset or by its file, and tells a story', async () => {
    const mirror = env.NACRE_DATA_MIRROR!
    expect(await nacre('import', 'stories260k', '--mirror', mirror, '--out', at('stories'))).toMatchObject({
      code: 0,
      stdout: `llama: 260,032 parameters, vocabulary 512\nThe model is in ${at('stories')}.\n`,
    })
    const file = join(folder, 'stories260K.bin')
    expect(await nacre('import', file, '--out', at('again'))).toMatchObject({ code: 0, stderr: '' })
    for (const name of ['model.safetensors', 'tokenizer.json', 'config.json'])
      expect(readFileSync(at(`again/${name}`)).equals(readFileSync(at(`stories/${name}`)))).toBe(true)
    const told = await nacre('generate', at('stories'), '--tokens', '30', '--temperature', '0')
    expect(told.stderr).toContain('No prompt: the text begins after <s>.')
    expect(told.stdout).toMatch(/^Once upon a time, there was a little girl named Lily\. She /)
    const prompted = await nacre(
      'generate',
      at('stories'),
      '--prompt',
      'Once upon',
      '--tokens',
      '28',
      '--temperature',
      '0',
    )
    expect(prompted.stdout).toBe(told.stdout)
    const { ids, logProbabilities } = JSON.parse((await nacre('score', at('stories'), 'Once upon', '--json')).stdout)
    expect([ids, logProbabilities.length]).toEqual([[1, 403, 407], 2])
    expect((await nacre('next', at('stories'), 'Once upon a')).stdout).toMatch(/^" time" +0\.99/)
  })

  test('is computed alike by transformers, after <s>', context =>
    expectTransformers(context, at('stories'), 'Once upon a time, Tom saw 你好'))

  test('a checkpoint without its tokenizer, or with a file that is none, is refused', async () => {
    mkdirSync(at('alone'))
    copyFileSync(join(folder, 'stories260K.bin'), at('alone/model.bin'))
    const alone = await nacre('import', at('alone/model.bin'), '--out', at('none'))
    expect([alone.code, alone.stdout]).toEqual([2, ''])
    expect(alone.stderr).toContain('Option --tokenizer expected a file, because')
    const wrong = await nacre('import', at('alone/model.bin'), '--tokenizer', at('text.txt'), '--out', at('none'))
    expect([wrong.code, wrong.stdout]).toEqual([1, ''])
    expect(wrong.stderr).toContain('text.txt expected the length of the longest piece')
    expect(existsSync(at('none'))).toBe(false)
  })
})
