import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { digitVectors, sliceDigits } from '../data/mnist.ts'
import { fingerprint } from '../data/token-shards.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { Storage } from '../storage/storage.ts'
import { type ClassifierEvent, trainClassifierRun } from '../training/classifier-run.ts'
import type { trainOptions } from '../training/options.ts'
import { clock } from '../training/progress.ts'
import type { RunOptions } from '../training/run.ts'
import type { CommandContext } from './command.ts'
import { openDigits } from './open-digits.ts'
import { ProgressLine } from './progress-line.ts'

type Context = CommandContext<typeof trainOptions>

/** `nacre train mlp`: reads the digits, trains, shows it. */
export async function trainDigits(
  context: Context,
  { storage, out, options }: { readonly storage: Storage; readonly out: string; readonly options: RunOptions },
): Promise<void> {
  const { data = 'mnist', device, threads, validationFraction } = options
  const absolute = existsSync(data) ? resolve(data) : data // a resumed run finds it from any working directory
  const settled = { ...options, data: absolute }
  const runtime = nodeRuntime({ device, threads })
  const { train } = await openDigits(settled, { environment: context.host.environment, note: context.note })
  const cut = train.count - Math.floor(train.count * validationFraction)
  const held = sliceDigits(train, cut, train.count)
  const events = trainClassifierRun({
    ...{ storage, options: settled, runtime, signal: context.signal },
    train: digitVectors(sliceDigits(train, 0, cut)),
    validation: held.count > 0 ? digitVectors(held) : undefined,
    fingerprint: await fingerprint(`${cut} ${train.labels.join('')}`),
    labels: Array.from('0123456789'),
  })
  await showClassifierRun(events, out, context)
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US')
const percent = (share: number): string => `${(100 * share).toFixed(2)} %`

/** Shows the events: records for programs, a bar on a terminal, lines elsewhere. */
export async function showClassifierRun(
  events: AsyncIterable<ClassifierEvent>,
  out: string,
  { host, json, print, report }: Pick<Context, 'host' | 'json' | 'print' | 'report'>,
  resumeLine = `nacre train --resume --out ${out}`,
): Promise<void> {
  let [steps, loss, durationMs] = [1, Number.NaN, Number.NaN]
  const smooth = (mean: number, value: number) => (Number.isNaN(mean) ? value : mean + 0.05 * (value - mean))
  const progress = new ProgressLine({ host, json, print })
  try {
    for await (const event of events) {
      if (json) {
        report(event, '')
        continue
      }
      switch (event.type) {
        case 'start':
          steps = event.steps
          progress.say(`${event.model}: ${count(event.parameters)} parameters, ${event.classes} classes`)
          progress.say(
            `${count(event.trainExamples)} examples to learn from, ${count(event.validationExamples)} held out`,
          )
          progress.say(
            event.from > 0
              ? `resumed at step ${count(event.from)} of ${count(steps)}`
              : `${count(steps)} steps of ${event.batchSize} examples, ${((steps * event.batchSize) / event.trainExamples).toFixed(1)} epochs`,
          )
          break
        case 'step': {
          loss = smooth(loss, event.loss)
          durationMs = smooth(durationMs, event.durationMs)
          const left = clock(((steps - event.step) * durationMs) / 1000)
          const rate = count((1000 * (event.itemsPerSecond * event.durationMs)) / 1000 / durationMs)
          const line = `step ${count(event.step)}/${count(steps)}  loss ${loss.toFixed(4)}  ${rate} examples/s  ${left} left`
          if (progress.isDrawn) progress.draw(event.step / steps, line)
          else if (event.step % 500 === 0) progress.say(line)
          break
        }
        case 'validation':
          progress.say(
            `step ${count(event.step)}: held out: error ${percent(event.errorRate)}, loss ${event.loss.toFixed(4)}${event.best ? ' (best)' : ''}`,
          )
          break
        case 'stopped':
          progress.say(`Stopped at step ${event.step}, everything saved. Go on with: ${resumeLine}`)
          break
        case 'done':
          progress.say(`Done. The model is in ${out}; its loss is plotted in ${join(out, 'training/loss.svg')}.`)
          break
      }
    }
  } finally {
    progress.clear()
  }
}
