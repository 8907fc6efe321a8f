/** What the tests run inside of a browser's page. */
import { isDeviceTensor, type Value } from '../../src/runtime/runtime.ts'
import { type WebRuntimeOptions, webRuntime } from '../../src/runtime/web.ts'
import { wholeStep } from '../../src/training/whole-step.ts'
import { prove } from '../engine/proofs/proof.ts'
import { table } from '../engine/proofs/table.ts'
import { tinyGpt2 } from '../engine/tiny-gpt2.ts'

export interface TrainingReport {
  readonly runtime: string
  readonly threads: number
  /** Whether the weights stay where the model runs. */
  readonly onDevice: boolean
  /** Whether weights that were replaced are gone. */
  readonly released: boolean
  readonly losses: readonly number[]
  /** Euclidean norm of all parameters after the last step. */
  readonly weightNorm: number
}

/** Trains the tiny GPT-2 for some steps. */
export async function train(options: WebRuntimeOptions, steps: number): Promise<TrainingReport> {
  const runtime = await webRuntime(options)
  const problem = tinyGpt2()
  const step = await wholeStep({ runtime, ...problem })
  const losses = []
  let before: Value[] = []
  for (let i = 1; i <= steps; i++) {
    before = Object.values(step.weights())
    losses.push((await step.run([problem.batch(i)], { step: i, learningRate: 1e-3 })).loss)
  }
  const now = Object.values(step.weights())
  const { weights } = await step.state()
  const squares = [...weights.values()].flatMap(values => [...values]).reduce((sum, value) => sum + value * value, 0)
  const report = {
    runtime: runtime.name,
    threads: runtime.threads,
    onDevice: now.every(isDeviceTensor),
    released: (await Promise.all(before.map(isGone))).every(Boolean),
    losses,
    weightNorm: Math.sqrt(squares),
  }
  await step.release()
  return report
}

const isGone = (value: Value): Promise<boolean> =>
  isDeviceTensor(value)
    ? value.read().then(
        () => false,
        () => true,
      )
    : Promise.resolve(false)

/** The WebGPU Shading Language promises no more than an absolute error of 2⁻¹¹ for these. */
const coarseOnWebGpu: Readonly<Record<string, number>> = { sin: 5e-3, cos: 5e-3 }

/** Complaints about every operation, with some cases of each. */
export async function proveAll(options: WebRuntimeOptions, mostCases: number): Promise<string[]> {
  const runtime = await webRuntime(options)
  const complaints: string[] = []
  for (const { op, proof } of table) {
    const precision = runtime.device === 'webgpu' ? coarseOnWebGpu[op.name] : undefined
    complaints.push(...(await prove(runtime, op, proof, { precision, mostCases })))
  }
  return complaints
}

/** The message of the error that a runtime's creation ends with. */
export async function failure(options: WebRuntimeOptions): Promise<string> {
  return webRuntime(options).then(
    ({ name }) => name,
    (error: Error) => `${error.name}: ${error.message}`,
  )
}
