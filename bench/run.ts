/**
 * `npm run bench`: every speed that the README names, each beside its peer in one run. Engines take turns, chunk by
 * chunk, so that a noisy machine is noisy for all of them; minima and medians are both printed.
 *
 * NACRE_PYTHON names a Python with torch for the peers; without it only ours is measured.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { cpus } from 'node:os'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'

const here = import.meta.dirname
const python = process.env.NACRE_PYTHON
const threads = Number(process.argv[3] ?? 2)

interface Size {
  readonly name: string
  readonly flags: readonly string[]
  readonly rounds: number
  readonly chunk: number
  readonly compiled: boolean
}

const size = (layers: number, heads: number, channels: number, context: number, batch: number, vocabulary: number) =>
  Object.entries({ layers, heads, channels, context, batch, vocabulary }).flatMap(([name, value]) => [
    `--${name}`,
    `${value}`,
  ])

const sizes: readonly Size[] = [
  {
    name: 'small: 4 layers, 128 channels, context 64, batch 12',
    flags: [...size(4, 4, 128, 64, 12, 65), '--no-bias'],
    rounds: 8,
    chunk: 20,
    compiled: true,
  },
  {
    name: 'large: 6 layers, 384 channels, context 256, batch 16',
    flags: [...size(6, 6, 384, 256, 16, 65), '--no-bias'],
    rounds: 5,
    chunk: 2,
    compiled: true,
  },
  {
    name: 'GPT-2 124M, context 64, batch 4',
    flags: size(12, 12, 768, 64, 4, 50_257),
    rounds: 5,
    chunk: 2,
    compiled: false,
  },
]

/** An engine that runs steps when asked. */
class Engine {
  readonly name: string
  readonly milliseconds: number[] = []
  readonly #process: ChildProcess
  readonly #lines: AsyncIterator<string>

  constructor(name: string, command: string, words: readonly string[]) {
    this.name = name
    this.#process = spawn(command, words, { stdio: ['pipe', 'pipe', 'ignore'] })
    this.#lines = createInterface({ input: this.#process.stdout! })[Symbol.asyncIterator]()
  }

  async ready(): Promise<void> {
    for (;;) {
      const { value, done } = await this.#lines.next()
      if (done) throw new Error(`${this.name} ended before it was ready`)
      if (value === 'ready') return
    }
  }
  async run(steps: number): Promise<void> {
    this.#process.stdin!.write(`${steps}\n`)
    this.milliseconds.push(...JSON.parse((await this.#lines.next()).value).milliseconds)
  }
  /** Ends it and returns what it says of itself. */
  async end(): Promise<{ readonly peakMb: number; readonly matmulFlops?: number }> {
    this.#process.stdin!.end()
    return JSON.parse((await this.#lines.next()).value)
  }
}

const sorted = (values: readonly number[]): number[] => [...values].sort((a, b) => a - b)
const minimum = (values: readonly number[]): number => sorted(values)[0]
const median = (values: readonly number[]): number => sorted(values)[values.length >> 1]

function node<T>(script: string, words: readonly string[] = []): T[] {
  const output = execFileSync(process.execPath, [join(here, script), ...words], { encoding: 'utf8' })
  return output
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as T)
}

const only = process.argv[2]
const parts = [
  'step',
  'gpt',
  'llama',
  'long',
  'transformer',
  'bert',
  'recurrent',
  'compile',
  'generation',
  'tokenizers',
  'word2vec',
]
if (only !== undefined && !parts.includes(only)) {
  console.error(`A benchmark expected one of ${parts.join(', ')}. Received "${only}".`)
  process.exit(2)
}
console.log(
  `${cpus()[0].model}, ${threads} threads, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}\n`,
)
const [{ gflops }] = node<{ gflops: number }>('matmul.ts')
console.log(`large matrix product through ONNX Runtime: ${gflops} GFLOP/s`)
if (python) {
  const words = [join(here, 'peers/pytorch-gpt.py'), '--matmul', '--threads', `${threads}`]
  const product = JSON.parse(execFileSync(python, words, { encoding: 'utf8' }))
  console.log(
    `large matrix product through PyTorch: ${Math.round((2 * product.size ** 3) / product.minMs / 1e6)} GFLOP/s`,
  )
}
console.log()

/** Takes turns between our step and its peers; prints what each took. */
async function duel(name: string, engines: readonly Engine[], rounds: number, chunk: number): Promise<void> {
  for (const engine of engines) await engine.ready()
  for (let round = 0; round < rounds; round++) for (const engine of engines) await engine.run(chunk)
  const ours = engines[0]
  console.log(name)
  for (const engine of engines) {
    const { peakMb, matmulFlops } = await engine.end()
    const least = minimum(engine.milliseconds)
    const middle = median(engine.milliseconds)
    const ratio =
      engine === ours
        ? ''
        : `  Nacre is ${(least / minimum(ours.milliseconds)).toFixed(2)} (minima), ${(middle / median(ours.milliseconds)).toFixed(2)} (medians) times as fast`
    const rate = matmulFlops
      ? `  ${(matmulFlops / least / 1e6).toFixed(0)} GFLOP/s = ${(matmulFlops / least / 1e6 / gflops).toFixed(2)} of matmul`
      : ''
    console.log(
      `  ${engine.name.padEnd(17)} min ${least.toFixed(1).padStart(7)} ms  median ${middle.toFixed(1).padStart(7)} ms  peak ${Math.round(peakMb)} MB${rate}${ratio}`,
    )
  }
  console.log()
}

if (only === undefined || only === 'step') {
  for (const { name, flags, rounds, chunk, compiled } of sizes) {
    const peer = join(here, 'peers/pytorch-gpt.py')
    const engines = [new Engine('Nacre', process.execPath, [join(here, 'step.ts'), ...flags])]
    if (python) {
      engines.push(new Engine('PyTorch eager', python, [peer, '--serve', ...flags]))
      if (compiled) engines.push(new Engine('PyTorch compiled', python, [peer, '--serve', '--compile', ...flags]))
    }
    await duel(name, engines, rounds, chunk)
  }
}
/** A model of transformers' beside ours, eager and compiled. */
async function languageModel(name: string, flags: readonly string[], rounds: number): Promise<void> {
  const words = [...flags, '--threads', `${threads}`]
  const engines = [new Engine('Nacre', process.execPath, [join(here, 'step.ts'), ...words])]
  const peer = [join(here, 'peers/transformers-gpt.py'), '--serve', ...words]
  if (python) {
    engines.push(new Engine('transformers', python, peer))
    engines.push(new Engine('compiled', python, [...peer, '--compile']))
  }
  await duel(name, engines, rounds, 2)
}
if (only === undefined || only === 'gpt') {
  for (const model of ['gpt', 'gpt2']) {
    for (const dropout of ['0.1', '0']) {
      const name = `${model}: 6 layers, 320 channels, vocabulary 8,192, context 128, batch 32, dropout ${dropout}`
      await languageModel(name, ['--model', model, '--dropout', dropout, ...size(6, 5, 320, 128, 32, 8192)], 6)
    }
  }
}
if (only === undefined || only === 'llama') {
  const flags = ['--model', 'llama', '--key-value-heads', '2', ...size(6, 6, 384, 256, 16, 65)]
  await languageModel('Llama: 6 layers, 384 channels, 6 heads in 2 groups, context 256, batch 16', flags, 5)
}
if (only === undefined || only === 'long') {
  const tail = ['--micro-batches', '2', '--threads', `${threads}`, '--warm-up', '1']
  const flags = [...size(12, 12, 768, 1024, 2, 50_257), ...tail]
  for (const words of [flags, ['--recompute', ...flags]]) {
    const engines = [new Engine('Nacre', process.execPath, [join(here, 'step.ts'), ...words])]
    const peer = [join(here, 'peers/transformers-gpt.py'), '--model', 'gpt2', '--serve', ...words]
    if (python) engines.push(new Engine('transformers', python, peer))
    const how = words === flags ? '' : ', blocks computed again'
    await duel(`GPT-2 124M, context 1,024, 2 micro-batches of 1 sequence (2,048 tokens)${how}`, engines, 3, 1)
  }
}
if (only === undefined || only === 'transformer') {
  for (const dropout of ['0.1', '0']) {
    const flags = ['--dropout', dropout]
    const engines = [new Engine('Nacre', process.execPath, [join(here, 'transformer.ts'), ...flags])]
    const peer = join(here, 'peers/pytorch-transformer.py')
    if (python) engines.push(new Engine('PyTorch eager', python, [peer, '--serve', ...flags]))
    await duel(`Transformer: 3 + 3 layers, 256 channels, 24 tokens, batch 64, dropout ${dropout}`, engines, 6, 2)
  }
}
if (only === undefined || only === 'bert') {
  const bodies = [
    {
      name: 'BERT-Mini: 4 layers, 256 channels, vocabulary 30,522',
      layers: 4,
      heads: 4,
      channels: 256,
      vocabulary: 30_522,
    },
    { name: 'BERT: 5 layers, 384 channels, vocabulary 4,096', layers: 5, heads: 6, channels: 384, vocabulary: 4096 },
  ]
  for (const { name, layers, heads, channels, vocabulary } of bodies) {
    const flags = size(layers, heads, channels, 128, 16, vocabulary)
    const engines = [new Engine('Nacre', process.execPath, [join(here, 'bert.ts'), ...flags])]
    const peer = join(here, 'peers/pytorch-bert.py')
    if (python) engines.push(new Engine('transformers', python, [peer, '--serve', ...flags]))
    await duel(`${name}, 128 tokens, batch 16, dropout 0.1`, engines, 6, 2)
  }
}
if (only === undefined || only === 'recurrent') {
  for (const kind of ['lstm', 'gru', 'rnn']) {
    const flags = ['--kind', kind]
    const engines = [new Engine('Nacre', process.execPath, [join(here, 'recurrent.ts'), ...flags])]
    const peer = join(here, 'peers/pytorch-recurrent.py')
    if (python)
      engines.push(new Engine('PyTorch eager', python, [peer, '--serve', ...flags, '--threads', `${threads}`]))
    await duel(`${kind}: 2 layers of 200 units, 35 steps, batch 20, vocabulary 10,000`, engines, 6, 10)
  }
}
if (only === undefined || only === 'compile') {
  for (const { name, nodes, milliseconds } of node<{ name: string; nodes: number; milliseconds: number }>('compile.ts'))
    console.log(`compile and create session, ${name}, ${nodes} nodes: ${milliseconds} ms`)
  console.log()
}
if (only === undefined || only === 'generation') {
  for (const { name, tokensPerSecond } of node<{ name: string; tokensPerSecond: number }>('generation.ts'))
    console.log(`generation, small model, ${name}: ${tokensPerSecond} tokens/s`)
  console.log()
}
if (only === undefined || only === 'tokenizers')
  execFileSync(process.execPath, [join(dirname(here), 'bench/tokenizers.ts')], { stdio: 'inherit' })
if (only === undefined || only === 'word2vec') {
  for (const script of ['word2vec.ts', 'word2vec-kernels.ts'])
    execFileSync(process.execPath, [join(here, script)], { stdio: 'inherit' })
}
