import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSafetensors, type StoredTensor, writeSafetensors } from '../checkpoints/safetensors.ts'
import { nodeStorage } from '../storage/node.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { stateFile } from '../training/checkpoint.ts'
import { readMetrics } from '../training/metrics.ts'
import { runCommandLine } from './command.ts'
import { commands } from './commands.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-train-'))
afterAll(() => rmSync(directory, { recursive: true }))

const main = resolve(import.meta.dirname, 'main.ts')
const at = (name: string) => join(directory, name)
const text = at('text.txt')
writeFileSync(text, 'To be, or not to be, that is the question. 话说天下大势，分久必合。\n'.repeat(30))

const tiny =
  '--layers 1 --heads 2 --channels 16 --context 8 --batch-size 2 --save-every 2 --evaluate-every 4 --sample-tokens 8'

async function nacre(line: string, onInterrupt: (listener: () => void) => void = () => {}) {
  const out = { code: 0, stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: 100,
    write(written: string) {
      out[name] += written
    },
  })
  const host = { version: '0', environment: {}, stdout: sink('stdout'), stderr: sink('stderr'), onInterrupt }
  out.code = await runCommandLine(line.split(' ').filter(Boolean), commands, host)
  return out
}

const train = (rest: string) => nacre(`train gpt2 --data ${text} ${tiny} ${rest}`)

const run = at('run')
beforeAll(async () => {
  const { stderr } = await train(`--steps 6 --out ${run}`)
  if (stderr !== '') throw new Error(stderr)
})

/** The run above again, to be spoilt. */
function copy(name: string): string {
  cpSync(run, at(name), { recursive: true })
  return at(name)
}

test('train learns every document of its shards, and goes on', async () => {
  for (const part of [1, 2, 3]) {
    const lines = Array.from(
      { length: 20 },
      (_, i) => `${JSON.stringify({ text: `${part} and ${i}，话说天下大势` })}\n`,
    )
    writeFileSync(at(`shard-${part}.jsonl`), lines.join(''))
  }
  const folder = at('of-shards')
  const { stderr, code } = await nacre(`train gpt2 --data ${at('shard-*.jsonl')} ${tiny} --steps 2 --out ${folder}`)
  expect([code, stderr]).toEqual([0, 'Reading 3 shards ...\n'])
  const count = (name: string): number => JSON.parse(readFileSync(join(folder, `training/${name}.json`), 'utf8')).count
  const characters = 20 * 3 * 'p and i，话说天下大势\n\n'.length + 3 * 10 // ten of twenty numbers have two digits
  expect(count('train') + count('validation')).toBe(characters)
  expect(await nacre(`train --resume --steps 4 --out ${folder}`)).toMatchObject({ code: 0, stderr: '' })
  const missing = await nacre(`train gpt2 --data ${at('none-*.jsonl')} ${tiny} --steps 2 --out ${at('none')}`)
  expect(missing.code).toBe(2)
  expect(missing.stderr).toContain('Option --data expected a folder, a pattern or files that are there.')
  writeFileSync(at('bad.jsonl'), '{"text": "a"}\n{"body": "b"}\n')
  const bad = await nacre(`train gpt2 --data ${at('bad.jsonl')} ${tiny} --steps 2 --out ${at('bad')}`)
  expect(bad.code).toBe(1)
  expect(bad.stderr).toContain('bad.jsonl, byte 14 expected a text in the field "text". Received fields body.')
})

test('train --stream learns from files as they are read, is interrupted, and goes on', async () => {
  const rows = (part: number) => Array.from({ length: 30 }, (_, i) => ({ text: `${part} and ${i}，话说天下大势` }))
  writeFileSync(
    at('streamed-1.jsonl'),
    rows(1)
      .map(row => `${JSON.stringify(row)}\n`)
      .join(''),
  )
  writeFileSync(at('streamed-2.json'), JSON.stringify(rows(2)))
  const list = `${at('streamed-1.jsonl')},${at('streamed-2.json')}`
  const words = `train gpt2 --data ${list} --stream --shuffle-buffer 8 ${tiny} --steps 8`
  const done = await nacre(`${words} --out ${at('streamed')}`)
  expect(done).toMatchObject({ code: 0 })
  expect(done.stdout).toMatch(/^text: 2 files, read as they come, \d+ tokens held out$/m)
  expect(existsSync(join(at('streamed'), 'training/train.bin'))).toBe(false)
  expect(await nacre(`${words} --steps 5 --out ${at('streamed-parts')}`)).toMatchObject({ code: 0 })
  for (const [wrong, message] of [
    ['--data tinyshakespeare --stream', 'Option --data with --stream expected files that are read as they come'],
    [`--data ${list} --stream --field body`, '--field'],
  ]) {
    const refused = await nacre(`train gpt2 ${wrong} ${tiny} --steps 1 --out ${at('refused')}`)
    expect(refused.code).toBeGreaterThan(0)
    expect(refused.stderr).toContain(message)
  }
  expect(await nacre(`train --resume --steps 8 --out ${at('streamed-parts')}`)).toMatchObject({ code: 0, stderr: '' })
})

test.each([
  ['csv', 'title,body\n1,"a, b\n话说"\n2,天下大势\n', 'title, body'],
  ['json', '[{"title": 1, "body": "a, b\\n话说"}, {"title": 2, "body": "天下大势"}]', 'title, body'],
])('train reads a column of a .%s, not the file as it stands', async (ending, content, columns) => {
  writeFileSync(at(`table.${ending}`), content)
  const words = `train gpt2 --data ${at(`table.${ending}`)} ${tiny} --context 3 --batch-size 1 --validation-fraction 0 --steps 1`
  const folder = at(`of-${ending}`)
  expect(await nacre(`${words} --field body --out ${folder}`)).toMatchObject({ code: 0 })
  const { count } = JSON.parse(readFileSync(join(folder, 'training/train.json'), 'utf8'))
  expect(count).toBe('a, b\n话说\n\n天下大势\n\n'.length)
  const refused = await nacre(`${words} --out ${at('no-column')}`)
  expect(refused.code).toBe(1)
  expect(refused.stderr).toContain('text')
  expect(refused.stderr).toContain(columns)
  expect(refused.stderr).toContain('--field')
})

test('train shows what it does, and leaves what generate and score read', async () => {
  const { stdout } = await train(`--steps 4 --out ${at('shown')}`)
  expect(stdout).toMatch(
    /^gpt2: [\d,]+ parameters, vocabulary \d+\ntext: [\d,]+ tokens to learn from, [\d,]+ held out\n/,
  )
  expect(stdout).toMatch(/step 4: all held-out text: loss \d\.\d{4}, perplexity [\d.]+, [\d.]+ bits\/byte \(best\)/)
  expect(stdout).toContain('step 4: the model writes:\n  │ ')
  expect(stdout).toMatch(/Done\. The model is in .*shown; its loss is plotted in .*training.loss\.svg\.\n$/)
  expect(await nacre(`generate ${at('shown')} --prompt To --tokens 5`)).toMatchObject({ code: 0 })
  expect(await nacre(`score ${at('shown')} To`)).toMatchObject({ code: 0 })
})

test('--json prints one record a line', async () => {
  const { stdout } = await train(`--steps 2 --out ${at('json')} --json`)
  const records = stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  expect(records.map(({ type, step }) => [type, step])).toEqual([
    ...[
      ['start', undefined],
      ['step', 1],
      ['step', 2],
      ['validation', 2],
      ['saved', 2],
    ],
    ...[
      ['sample', 2],
      ['saved', 2],
      ['done', 2],
    ],
  ])
})

test('a preset is a starting point that options change, and the run remembers them', async () => {
  await nacre(`train gpt2 --data ${text} --preset char-large ${tiny} --steps 1 --out ${at('preset')}`)
  const { model, options } = JSON.parse(readFileSync(join(at('preset'), 'training/options.json'), 'utf8'))
  expect(model).toBe('gpt2')
  expect(options).toMatchObject({ preset: 'char-large', dropout: 0.2, context: 8, steps: 1, data: text, resume: false })
})

test('--resume goes on, with more steps than before', async () => {
  const out = copy('resumed')
  const { code, stdout } = await nacre(`train --resume --out ${out} --steps 8`)
  expect([code, stdout.split('\n')[3]]).toEqual([0, 'resumed at step 6 of 8'])
  const metrics = await readMetrics(nodeStorage(out))
  expect(metrics.filter(({ type }) => type === 'validation').map(({ step }) => step)).toEqual([4, 6, 8])
})

test('killed before the first checkpoint, --resume begins anew, from any directory', async () => {
  const out = copy('early')
  for (const file of ['state.safetensors', 'train.json', 'tokenizer.json']) rmSync(join(out, 'training', file))
  const words = [main, 'train', '--resume', '--out', out]
  expect(spawnSync(process.execPath, words, { cwd: tmpdir(), encoding: 'utf8' })).toMatchObject({
    ...{ status: 0, stderr: '' },
    stdout: expect.stringContaining('\n6 steps\n'),
  })
  for (const file of ['model.safetensors', stateFile])
    expect(readFileSync(join(out, file)).equals(readFileSync(join(run, file)))).toBe(true)
})

test('Ctrl-C saves, and says how to go on', async () => {
  const out = at('stopped')
  const line = `train gpt2 --data ${text} ${tiny} --steps 1000 --out ${out}`
  const { code, stdout } = await nacre(line, interrupt => setTimeout(interrupt, 300))
  expect(code).toBe(0)
  expect(stdout).toMatch(
    /\nStopped at step \d+, everything saved\. Go on with: nacre train --resume --out .*stopped\n$/,
  )
  const step = Number(/Stopped at step (\d+)/.exec(stdout)?.[1])
  const again = await nacre(`train --resume --out ${out} --steps ${step + 1}`)
  expect(again.stdout).toContain(`resumed at step ${step} of ${step + 1}`)
})

test.each([
  [
    '--data nowhere.txt',
    1,
    /^StorageError: .*nowhere\.txt expected a file that exists\. Received none\. Is the path right\?$/,
  ],
  ['', 2, /^OptionError: Option --data expected a text file or the name of a dataset\. Received none\. Datasets: /],
  [
    '--data alpaca',
    2,
    /^OptionError: Option --data expected a text\. Received alpaca .* learns it by nacre finetune\./,
  ],
  ['--layer 3', 2, /^OptionError: Unknown option "--layer"\. Did you mean "--layers"\?$/],
  ['--batchsize 3', 2, /^OptionError: Unknown option "--batchsize"\. Did you mean "--batch-size"\?$/],
  [
    '--preset char-smal',
    2,
    /^OptionError: Option --preset expected one of char-small, .* Did you mean "char-small"\?$/,
  ],
  ['--dropout 1', 2, /^OptionError: Option --dropout expected a number of at least 0 and below 1\. Received 1\.$/],
  [
    '--resume --out nowhere',
    2,
    /^OptionError: Option --resume expected a run in .*nowhere\. Received none\. Name its folder/,
  ],
])('train %s', async (words, code, message) => {
  const failed = await nacre(`train gpt2 ${words}`.trim())
  expect({ code: failed.code, stdout: failed.stdout }).toEqual({ code, stdout: '' })
  expect(failed.stderr.trimEnd()).toMatch(message)
})

test.each([
  ['--channels 15', 2, /^OptionError: channels expected a multiple of heads \(2\)\. Received 15\. Try 16\.$/],
  [
    '--micro-batch-size 3 --batch-size 4',
    2,
    /^OptionError: Option --micro-batch-size expected a divisor of --batch-size \(4\)/,
  ],
  [
    '--context 3000',
    1,
    /^DataError: The training text expected at least 3001 tokens, one more than the context\. Received \d+\. Use a longer text or --context \d+\.$/,
  ],
  [
    '--encoding utf-9',
    2,
    /^OptionError: Option --encoding expected a label of the Encoding standard\. Received "utf-9"/,
  ],
  [
    '--tokenizer nowhere',
    2,
    /^OptionError: Option --tokenizer expected "characters", "bpe", "word-bpe", "words" or a folder that exists\./,
  ],
  [
    '--teacher nowhere',
    2,
    /^OptionError: Option --teacher expected the folder of a trained model\. Received ".*nowhere", which does not exist\.$/,
  ],
  [
    '--teacher nowhere --tokenizer bpe',
    2,
    /^OptionError: Option --tokenizer expected to be left out: a student takes its teacher's\. Received "bpe"\.$/,
  ],
  [
    '--device tpu',
    1,
    /^DeviceError: device expected one that onnxruntime-node offers on this machine: cpu.*Received "tpu"\. Leave --device out to use the CPU\.$/,
  ],
  [`--out ${text}`, 2, /^OptionError: Option --out expected a folder\. Received ".*text\.txt", which is a file\.$/],
])('train with a text and %s', async (words, code, message) => {
  const failed = await train(`--steps 2 --out ${at('unused')} ${words}`)
  expect({ code: failed.code, stdout: failed.stdout }).toEqual({ code, stdout: '' })
  expect(failed.stderr.trimEnd()).toMatch(message)
})

test('an unknown model: the nearest name', async () => {
  expect(await nacre(`train gpt2x --data ${text}`)).toEqual({
    ...{ code: 2, stdout: '' },
    stderr: 'OptionError: Unknown model "gpt2x". Did you mean "gpt2"?\n',
  })
})

test('an empty text, one that is too short, and one in another encoding', async () => {
  const given = async (bytes: Uint8Array | string, rest = '') => {
    writeFileSync(at('given.txt'), bytes)
    return nacre(`train gpt2 --data ${at('given.txt')} ${tiny} --steps 1 --out ${at('given')} ${rest}`)
  }
  expect(await given('')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^DataError: .*given\.txt expected a text\. Received an empty file\. Is the path/),
  })
  expect(await given('too short')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^DataError: The training text expected at least 9 tokens, .* Received 8\./),
  })
  const gb18030 = Buffer.concat([Buffer.from('To be. '.repeat(20)), Buffer.from('bbb0cbb5', 'hex')]) // 话说
  expect(await given(gb18030)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /given\.txt expected UTF-8\. Received byte 0xBB at offset 140\. Name its encoding with --encoding, for example gb18030/,
    ),
  })
  expect(await given(gb18030, '--encoding gb18030')).toMatchObject({ code: 0, stderr: '' })
})

const isRoot = process.getuid?.() === 0

test.skipIf(process.platform === 'win32')('a directory that cannot be written', () => {
  const locked = mkdtempSync(join(tmpdir(), 'nacre-locked-'))
  chmodSync(locked, 0o555)
  chmodSync(directory, 0o755)
  // A command line that first gives up the right of root to write everywhere.
  const program = `
    process.setuid?.(${isRoot ? 65534 : process.getuid?.()})
    process.argv = [process.argv[0], 'nacre', 'train', 'gpt2', ...process.argv.slice(1)]
    await import(${JSON.stringify(main)})`
  const words = `--data ${text} ${tiny} --steps 1 --out ${join(locked, 'run')}`.split(' ')
  const failed = spawnSync(process.execPath, ['--input-type=module', '-e', program, '--', ...words], {
    encoding: 'utf8',
  })
  rmSync(locked, { recursive: true })
  expect(failed).toMatchObject({ status: 1, stdout: '' })
  expect(failed.stderr).toMatch(
    /^StorageError: Writing .*run.* expected permission\. Received none \(EACCES\)\. Choose another directory/,
  )
})

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', tmpdir()]).status === 0

test.skipIf(!canMount)(
  'a full disk while saving: the checkpoint before is whole (needs unshare and tmpfs)',
  async () => {
    // There is room for a second state only until the model has been written too.
    const script = `mkdir "$1" && mount -t tmpfs -o size=160k none "$1" || exit 9
    "$0" ${main} train gpt2 --data ${text} ${tiny} --steps 3 --save-every 1 --evaluate-every 2 --out "$1/run"
    code=$?; cp -r "$1/run" "$2"; exit $code`
    const words = ['-rm', 'bash', '-c', script, process.execPath, at('disk'), at('rescued')]
    const failed = spawnSync('unshare', words, { encoding: 'utf8' })
    expect(failed.stderr).toMatch(
      /^StorageError: Writing .*state\.safetensors expected room on the disk\. Received a full disk \(ENOSPC\)\. Free some space or choose another directory\. What was there before is whole\.\n$/,
    )
    expect(failed.status).toBe(1)
    expect(readdirSync(at('rescued'), { recursive: true }).filter(name => String(name).endsWith('.tmp'))).toEqual([])
    expect((await openSafetensors(nodeStorage(at('rescued')), stateFile)).metadata.step).toBe('1')
    const resumed = await nacre(`train --resume --out ${at('rescued')}`)
    expect(resumed).toMatchObject({ code: 0, stdout: expect.stringContaining('resumed at step 1 of 3') })
  },
)

test('a checkpoint that is cut short, begins with something else, lacks a tensor or has one of another shape', async () => {
  const out = copy('damaged')
  const state = join(out, stateFile)
  const bytes = readFileSync(state)
  const storage = nodeStorage(out)
  const file = await openSafetensors(storage, stateFile)
  const tensors: StoredTensor[] = []
  for (const { name, dtype, shape } of file.tensors.values())
    tensors.push({ name, dtype, shape, data: await file.read(name) })
  const resumed = async (message: RegExp) => {
    const { code, stderr } = await nacre(`train --resume --out ${out} --steps 8`)
    expect(code).toBe(1)
    expect(stderr).toMatch(message)
  }
  writeFileSync(state, bytes.subarray(0, -10))
  await resumed(
    /^CheckpointError: Tensor ".*" of .*state\.safetensors expected data up to byte .* Was the file cut short\?/,
  )
  writeFileSync(state, bytes.subarray(0, 4))
  await resumed(
    /^CheckpointError: .*state\.safetensors expected a length in the first 8 bytes\. Received a file of 4 bytes/,
  )
  writeFileSync(state, Buffer.concat([bytes.subarray(0, 8), Buffer.from('x'), bytes.subarray(9)]))
  await resumed(/^CheckpointError: .*state\.safetensors expected a header in JSON\. .* Is it a safetensors file\?/)
  await writeSafetensors(storage, stateFile, tensors.slice(1), file.metadata)
  await resumed(/^CheckpointError: .*state\.safetensors expected a tensor ".*"\. Received \d+ others\./)
  const [first, ...rest] = tensors
  const shape = [...first.shape, 1]
  await writeSafetensors(storage, stateFile, [{ ...first, shape }, ...rest], file.metadata)
  await resumed(/^CheckpointError: Tensor ".*" of .*state\.safetensors expected shape .*\. Received .*, 1\]\./)
  await writeSafetensors(storage, stateFile, tensors, {})
  await resumed(/^CheckpointError: .*state\.safetensors expected a step in its metadata\. Received none\./)
})

test('resumed with another tokenizer or other layers', async () => {
  const out = copy('other')
  expect(await nacre(`train --resume --out ${out} --layers 2`)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^CheckpointError: Option --layers expected 1, with which the run was started\. Received 2\./,
    ),
  })
  expect((await nacre(`train --resume --out ${out} --tokenizer bpe`)).stderr).toMatch(
    /^CheckpointError: Option --tokenizer expected characters, with which the run was started\. Received bpe\./,
  )
  const tokenizer = await trainByteLevelBPE(['abc'], { vocabularySize: 257 })
  writeFileSync(join(out, 'training/tokenizer.json'), JSON.stringify(tokenizer.toJSON()))
  expect(await nacre(`train --resume --out ${out} --steps 8`)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /^CheckpointError: .*tokenizer\.json expected the tokenizer that made the tokens of this run/,
    ),
  })
})

test('a new run over an old one says so; what cannot begin leaves the old one', async () => {
  const out = copy('replaced')
  const before = readFileSync(join(out, stateFile))
  await nacre(`train gpt2 --data ${text} ${tiny} --channels 15 --out ${out}`)
  await nacre(`train gpt2 --data nowhere ${tiny} --out ${out}`)
  expect(readFileSync(join(out, stateFile)).equals(before)).toBe(true)
  const { code, stderr } = await train(`--steps 2 --seed 2 --out ${out}`)
  expect([code, stderr]).toEqual([0, `The run in ${out} is replaced when this one begins.\n`])
  expect(readFileSync(join(out, stateFile)).equals(before)).toBe(false)
})

test('a device that this machine lacks, in a process of its own: one line, no native log', () => {
  const words = `${main} train gpt2 --data ${text} ${tiny} --steps 1 --out ${at('cuda')} --device cuda`.split(' ')
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' })
  if (status === 0) return // it has one
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(
    /^DeviceError: device expected one that onnxruntime-node offers on this machine: cpu.*\. Received "cuda".*\. Leave --device out to use the CPU\.\n$/,
  )
  expect(existsSync(at('cuda'))).toBe(false)
})
