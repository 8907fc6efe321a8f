import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { env } from 'node:process'
import type { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Random } from '../../src/base/random.ts'
import { loadModelFolder } from '../../src/checkpoints/model-folder.ts'
import { openSafetensors } from '../../src/checkpoints/safetensors.ts'
import { nodeStorage } from '../../src/storage/node.ts'
import { stateFile } from '../../src/training/checkpoint.ts'
import { readMetrics } from '../../src/training/metrics.ts'

const kills = env.NACRE_FULL === '1' ? 20 : 6
const steps = 60 * kills
const main = resolve(import.meta.dirname, '../../src/cli/main.ts')

let directory: string
let data: string
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'nacre-kill-'))
  data = join(directory, 'text.txt')
  const random = new Random(1, 'text')
  const words = ['the', 'sea', 'makes', 'a', 'pearl', 'of', 'sand', 'and', 'time', '珍珠', 'slowly']
  const text = Array.from({ length: 3000 }, () => words[random.integer(words.length)]).join(' ')
  writeFileSync(data, text)
})
afterAll(() => rmSync(directory, { recursive: true }))

const sizes = {
  gpt2: '--layers 2 --heads 2 --channels 32 --context 32 --batch-size 4 --micro-batch-size 2 --dropout 0.1',
  lstm: '--layers 2 --hidden-size 48 --embedding-size 16 --context 16 --batch-size 8 --dropout 0.1',
}
const rhythm = `--steps ${steps} --save-every 5 --evaluate-every 7 --evaluation-batches 2 --sample-every 0 --log-every 1`

/** `nacre train` as a process of its own: new, or going on. */
function start(model: keyof typeof sizes, out: string): ChildProcessByStdio<null, Readable, null> {
  const given = `--threads 1 --json --out ${out}`
  const fresh = `${model} --data ${data} ${sizes[model]} ${rhythm}`
  const isResumed = existsSync(join(out, 'training/options.json'))
  const words = `${main} train ${isResumed ? '--resume' : fresh} ${given}`.split(' ')
  return spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] })
}

type Child = ReturnType<typeof start>

const ended = (child: Child) =>
  new Promise<number | NodeJS.Signals | null>(done => {
    child.once('exit', (code, signal) => done(signal ?? code))
    child.stdout.resume()
  })

const firstStep = (child: Child) =>
  new Promise<void>(done => {
    child.stdout.on('data', lines => {
      if (String(lines).includes('"type":"step"')) done()
    })
  })

/** Reads every tensor of what is there; answers the step of the state. */
async function readCheckpoints(out: string): Promise<number | undefined> {
  const storage = nodeStorage(out)
  if (await storage.exists('model.safetensors')) await loadModelFolder(storage)
  if (!(await storage.exists(stateFile))) return undefined
  const state = await openSafetensors(storage, stateFile)
  for (const name of state.tensors.keys()) {
    const values = await state.readFloat32(name)
    expect([name, values.every(Number.isFinite)]).toEqual([name, true])
  }
  return Number(state.metadata.step)
}

test.each(['gpt2', 'lstm'] as const)(
  `%s: killed ${kills} times at random moments and resumed, a training equals an uninterrupted one bit for bit`,
  {
    timeout: 600_000,
  },
  async model => {
    const whole = join(directory, `whole-${model}`)
    expect(await ended(start(model, whole))).toBe(0)

    const out = join(directory, `killed-${model}`)
    const random = new Random(Number(env.NACRE_SEED ?? 1), 'kills')
    const found: (number | undefined)[] = []
    for (let kill = 0; kill < kills; kill++) {
      const child = start(model, out)
      const exit = ended(child)
      // Every other kill waits for the first step, so that the run gets on, however busy the machine is.
      if (kill % 2 === 1) await firstStep(child)
      await setTimeout(1500 * random.uniform())
      child.kill('SIGKILL')
      expect(await exit).toBe('SIGKILL')
      const step = await readCheckpoints(out)
      expect((step ?? 0) % 5).toBe(0)
      expect(step ?? 0).toBeGreaterThanOrEqual(found.at(-1) ?? 0)
      found.push(step)
    }
    expect(await ended(start(model, out))).toBe(0)
    console.log(`killed after the checkpoints of steps ${found.map(step => step ?? 'none').join(', ')} of ${steps}`)
    expect(new Set(found).size).toBeGreaterThan(2) // it got on between the kills

    expect(await readCheckpoints(out)).toBe(steps)
    const files = [stateFile, 'model.safetensors', 'config.json', 'tokenizer.json', 'training/train.bin']
    const different = files.filter(file => !readFileSync(join(out, file)).equals(readFileSync(join(whole, file))))
    expect(different).toEqual([])
    const losses = async (run: string) =>
      (await readMetrics(nodeStorage(run))).map(({ type, step, loss }) => ({ type, step, loss }))
    expect(await losses(out)).toEqual(await losses(whole))
    const names = (run: string) => new Set(readdirSync(run, { recursive: true }).map(String))
    expect(names(out)).toEqual(names(whole))
    expect([...names(out)].filter(name => name.endsWith('.tmp'))).toEqual([])
  },
)
