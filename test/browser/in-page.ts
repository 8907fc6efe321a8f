/** What the tests run inside of a browser's page. */
import { type WebRuntimeOptions, webRuntime } from '../../src/runtime/web.ts'
import { wholeStep } from '../../src/training/whole-step.ts'
import { prove } from '../engine/proofs/proof.ts'
import { table } from '../engine/proofs/table.ts'
import { tinyGpt2 } from '../engine/tiny-gpt2.ts'

export interface TrainingReport {
  readonly runtime: string
  readonly threads: number
  readonly losses: readonly number[]
  /** All parameters after the last step, one after the other. */
  readonly weights: readonly number[]
  readonly durationMs: number
}

/** Trains the tiny GPT-2 for some steps. */
export async function train(options: WebRuntimeOptions, steps: number): Promise<TrainingReport> {
  const started = performance.now()
  const runtime = await webRuntime(options)
  const problem = tinyGpt2()
  const step = await wholeStep({ runtime, ...problem })
  const losses = []
  for (let i = 1; i <= steps; i++) {
    losses.push((await step.run([problem.batch(i)], { step: i, learningRate: 1e-3 })).loss)
  }
  const { weights } = await step.state()
  await step.release()
  return {
    runtime: runtime.name,
    threads: runtime.threads,
    losses,
    weights: [...weights.values()].flatMap(values => [...values]),
    durationMs: performance.now() - started,
  }
}

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
