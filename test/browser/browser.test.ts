import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeRuntime } from '../../src/runtime/node.ts'
import type { WebRuntimeOptions } from '../../src/runtime/web.ts'
import { flatStep } from '../../src/training/step.ts'
import { expectClose } from '../engine/closeness.ts'
import { tinyGpt2 } from '../engine/tiny-gpt2.ts'
import { launchChromium, skipWithoutChromium } from './chromium.ts'
import type { TrainingReport } from './in-page.ts'
import { type PageServer, servePage } from './server.ts'

const steps = 10

/** Losses and the norm of the last weights by Node's fast step. */
async function trainInNode(): Promise<Pick<TrainingReport, 'losses' | 'weightNorm'>> {
  const problem = tinyGpt2()
  const step = await flatStep({ runtime: nodeRuntime(), ...problem })
  const losses = []
  for (let i = 1; i <= steps; i++) {
    losses.push((await step.run([problem.batch(i)], { step: i, learningRate: 1e-3 })).loss)
  }
  const { weights } = await step.state()
  const squares = [...weights.values()].flatMap(values => [...values]).reduce((sum, value) => sum + value * value, 0)
  await step.release()
  return { losses, weightNorm: Math.sqrt(squares) }
}

// The software adapter compiles shaders slowly: 20 s on two quiet cores.
const timeout = 180_000

describe.skipIf(skipWithoutChromium)('in Chromium (needs one: $CHROMIUM_PATH, or on the PATH)', { timeout }, () => {
  let server: PageServer
  let browser: Browser
  beforeAll(async () => {
    server = await servePage()
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser?.close()
    await server?.[Symbol.asyncDispose]()
  })

  /** Evaluates an expression in a fresh page, where `page` is what in-page.ts exports. */
  async function inPage<T>(expression: string, prepare?: (page: Page) => Promise<void>): Promise<T> {
    const page = await browser.newPage()
    try {
      await page.goto(server.url)
      await prepare?.(page)
      return await page.evaluate(`import('/test/browser/in-page.ts').then(page => ${expression})`)
    } finally {
      await page.close()
    }
  }

  async function expectTraining(options: WebRuntimeOptions): Promise<TrainingReport> {
    const report = await inPage<TrainingReport>(`page.train(${JSON.stringify(options)}, ${steps})`)
    const { losses, weightNorm } = await trainInNode()
    expect(report.runtime).toBe(`onnxruntime-web ${options.device}`)
    expectClose('losses', report.losses, losses, { absolute: 1e-4 })
    expectClose('norm of the weights', [report.weightNorm], [weightNorm], { relative: 1e-4 })
    return report
  }

  test('wasm trains a GPT as Node does, with threads', async () => {
    const { threads, onDevice } = await expectTraining({ device: 'wasm', threads: 2 })
    expect({ threads, onDevice }).toEqual({ threads: 2, onDevice: false })
  })

  test('WebGPU trains a GPT as Node does; weights stay on the device and are released when replaced', async () => {
    const { onDevice, released } = await expectTraining({ device: 'webgpu' })
    expect({ onDevice, released }).toEqual({ onDevice: true, released: true })
  })

  test('every operation is proven on wasm', async () => {
    expect(await inPage('page.proveAll({ device: "wasm" }, 2)')).toEqual([])
  })

  test('every operation is proven on WebGPU', async () => {
    expect(await inPage('page.proveAll({ device: "webgpu" }, 2)')).toEqual([])
  })

  test('a browser without an adapter is told so', async () => {
    const withoutAdapter = (page: Page) =>
      page.evaluate('navigator.gpu.requestAdapter = async () => null').then(() => {})
    expect(await inPage('page.failure({ device: "webgpu" })', withoutAdapter)).toBe(
      'DeviceError: device "webgpu" expected a browser that offers a WebGPU adapter. Received no adapter. ' +
        'Use the device "wasm". WebGPU needs https or localhost, and a recent Chrome, Edge, Firefox or Safari.',
    )
  })
})
