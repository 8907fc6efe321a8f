import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ShapeError } from '../base/errors.ts'
import { type Command, type CommandEntry, type Host, runCommandLine } from './command.ts'
import { commands } from './commands.ts'

const table = {
  batchSize: { type: 'integer', default: 12, minimum: 1, unit: 'sequences', help: 'sequences in one step' },
  temperature: { type: 'number', default: 1, minimum: 0, help: 'how daring the choice is' },
  device: { type: 'choice', choices: ['cpu', 'webgpu'], default: 'cpu', help: 'where the model runs' },
  stop: { type: 'strings', default: [], help: 'texts that end the generation' },
  cache: { type: 'boolean', default: true, help: 'keep keys and values' },
  resume: { type: 'boolean', default: false, help: 'go on with an earlier run' },
  secret: { type: 'boolean', default: false, help: 'taken, and not listed' },
  seed: { type: 'integer', help: 'number that decides every draw' },
} as const

const train: Command<typeof table> = {
  arguments: [{ name: 'MODEL', help: 'the model' }],
  options: table,
  unlisted: ['secret'],
  examples: ['nacre train gpt2 --batch-size 4'],
  run({ arguments: [model], options, given, report }) {
    if (model === 'broken') throw new ShapeError({ what: 'matmul', expected: 'sizes that match', received: '[2, 3]' })
    if (model === 'defect') throw new TypeError('undefined is not a function')
    report({ model, options, given }, `training ${model}`)
  },
}

let loaded: string[] = []
const entries: CommandEntry[] = [
  {
    name: 'train',
    summary: 'train a model on a text',
    load: async () => {
      loaded.push('train')
      return { command: train }
    },
  },
  {
    name: 'data',
    summary: 'datasets',
    load: async () => ({
      command: {
        commands: [
          {
            name: 'list',
            summary: 'list datasets',
            load: async () => ({ command: { arguments: [], options: {}, run: context => context.print('a list') } }),
          },
        ],
      },
    }),
  },
]

async function nacre(line: string, environment: Host['environment'] = {}) {
  loaded = []
  const out = { code: 0, stdout: '', stderr: '' }
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: 100,
    write(text: string) {
      out[name] += text
    },
  })
  const host = { version: '1.2.3', environment, stdout: sink('stdout'), stderr: sink('stderr'), onInterrupt() {} }
  out.code = await runCommandLine(line.split(' ').filter(Boolean), entries, host)
  return out
}

test('a command gets its checked options and what was given', async () => {
  const { code, stdout } = await nacre(
    'train gpt2 --batch-size 4 --stop a --stop b --no-cache --temperature=0 --device webgpu --json',
  )
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toEqual({
    model: 'gpt2',
    options: {
      batchSize: 4,
      temperature: 0,
      device: 'webgpu',
      stop: ['a', 'b'],
      cache: false,
      resume: false,
      secret: false,
    },
    given: { batchSize: 4, stop: ['a', 'b'], cache: false, temperature: 0, device: 'webgpu' },
  })
})

test('without --json people read text', async () => {
  expect(await nacre('train gpt2')).toEqual({ code: 0, stdout: 'training gpt2\n', stderr: '' })
  expect((await nacre('data list')).stdout).toBe('a list\n')
  expect((await nacre('data list --json')).stdout).toBe('')
})

test('help of a command by its name', async () => {
  expect(await nacre('help train')).toEqual(await nacre('train --help'))
  expect(await nacre('help')).toEqual(await nacre('--help'))
  expect((await nacre('train --resume=true')).stderr).toContain('Option --resume expected no value. Received "true".')
})

test('help comes from the table, and loads only its own command', async () => {
  const { stdout, code } = await nacre('train --help')
  expect(code).toBe(0)
  expect(stdout).toContain('Usage: nacre train [options] <MODEL>')
  expect(stdout).toContain('--batch-size <sequences>  sequences in one step (of at least 1; default: 12)')
  expect(stdout).toContain('--device <choice>')
  expect(stdout).toContain('where the model runs (cpu, webgpu; default: cpu)')
  expect(stdout).toContain('--no-cache')
  expect(stdout).not.toContain('--no-resume')
  expect(stdout).not.toContain('--secret')
  expect((await nacre('train gpt2 --secret --json')).stdout).toContain('"given":{"secret":true}')
  expect(stdout).toContain('--json')
  expect(stdout).toContain('nacre train gpt2 --batch-size 4')
  expect((await nacre('--help')).stdout).toContain('train a model on a text')
  expect(loaded).toEqual([])
  expect(await nacre('')).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: nacre') })
  expect(await nacre('data')).toMatchObject({ code: 0, stdout: expect.stringContaining('list datasets') })
  expect((await nacre('--version')).stdout).toBe('1.2.3\n')
})

test.each([
  ['train gpt2 --batchsize 4', 'OptionError: Unknown option "--batchsize". Did you mean "--batch-size"?'],
  ['train gpt2 --batchsize=4', 'OptionError: Unknown option "--batchsize". Did you mean "--batch-size"?'],
  ['trainn gpt2', 'OptionError: Unknown command "trainn". Did you mean "train"?'],
  ['data lost', 'OptionError: Unknown command "lost". Did you mean "list"?'],
  ['--jsn', 'OptionError: Unknown option "--jsn". Known: --version, --help.'],
  ['train gpt2 --batch-size', 'OptionError: Option --batch-size expected a value. Received none.'],
  ['train gpt2 --batch-size 0', 'OptionError: Option --batch-size expected an integer of at least 1. Received 0.'],
  ['train gpt2 --seed x', 'OptionError: Option --seed expected an integer. Received "x".'],
  ['train', 'OptionError: nacre train expected MODEL. Received none. Usage: nacre train [options] <MODEL>'],
  ['train a b', 'OptionError: nacre train expected MODEL. Received "a" "b". Usage: nacre train [options] <MODEL>'],
])('wrong usage: %s', async (line, message) => {
  expect(await nacre(line)).toEqual({ code: 2, stdout: '', stderr: `${message}\n` })
})

test('a failure is one line, with its stack only when asked for', async () => {
  const line = 'ShapeError: matmul expected sizes that match. Received [2, 3].\n'
  expect(await nacre('train broken')).toEqual({ code: 1, stdout: '', stderr: line })
  expect((await nacre('train broken', { NACRE_DEBUG: '1' })).stderr).toContain('command.test.ts')
  const json = await nacre('train broken --json')
  expect(JSON.parse(json.stdout)).toMatchObject({ error: 'ShapeError', expected: 'sizes that match' })
  expect(await nacre('train defect')).toMatchObject({ code: 1, stderr: expect.stringContaining('Please report it') })
})

test('the first Ctrl-C reaches only a command that listens', async () => {
  const interrupts: (() => void)[] = []
  const silent = { isTerminal: false, columns: 80, write() {} }
  let stderr = ''
  const host: Host = {
    version: '',
    environment: {},
    stdout: silent,
    stderr: {
      ...silent,
      write(text) {
        stderr += text
      },
    },
    onInterrupt: listener => interrupts.push(listener),
  }
  const entry = (run: Command['run']): CommandEntry[] => [
    { name: 'wait', summary: '', load: async () => ({ command: { arguments: [], options: {}, run } }) },
  ]
  expect(
    await runCommandLine(
      ['wait'],
      entry(() => {}),
      host,
    ),
  ).toBe(0)
  expect(interrupts).toHaveLength(0)
  const listening = entry(({ signal }) => {
    interrupts[0]()
    signal.throwIfAborted()
  })
  expect(await runCommandLine(['wait'], listening, host)).toBe(1)
  expect(stderr).toBe('Interrupted.\n')
})

test('every command loads and explains itself', async () => {
  for (const entry of commands) expect(await entry.load([])).toHaveProperty('command')
})

test('the program: version, exit code, and a reader that leaves early', () => {
  const main = join(import.meta.dirname, 'main.ts')
  const version = spawnSync(process.execPath, [main, '--version'], { encoding: 'utf8' })
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  expect(spawnSync(process.execPath, [main, 'nothing']).status).toBe(2)
  const script = `"$0" "$1" data list | true; echo "\${PIPESTATUS[0]}"`
  const early = spawnSync('bash', ['-c', script, process.execPath, main], { encoding: 'utf8' })
  expect(early).toMatchObject({ stdout: '0\n', stderr: '' })
})
