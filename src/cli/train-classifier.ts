import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { digitVectors, sliceDigits } from '../data/mnist.ts'
import { fingerprint } from '../data/token-shards.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { Storage } from '../storage/storage.ts'
import type { ClassifierValidation } from '../training/classifier.ts'
import { type ClassifierEvent, type ClassifierStart, trainClassifierRun } from '../training/classifier-run.ts'
import type { trainOptions } from '../training/options.ts'
import type { RunOptions } from '../training/run.ts'
import type { CommandContext } from './command.ts'
import { openDigits } from './open-digits.ts'
import { type ShowContext, showFit } from './show-fit.ts'

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

/** Shows the events of a classifier's training. */
export const showClassifierRun = (
  events: AsyncIterable<ClassifierEvent>,
  out: string,
  context: ShowContext,
  resumeLine = `nacre train --resume --out ${out}`,
): Promise<void> =>
  showFit<ClassifierStart, ClassifierValidation>(
    events,
    { ...context, out, resumeLine, unit: 'examples' },
    start => [
      `${start.model}: ${count(start.parameters)} parameters, ${start.classes} classes`,
      `${count(start.trainExamples)} examples to learn from, ${count(start.validationExamples)} held out`,
      ...(start.cutExamples ? [`${count(start.cutExamples)} of them longer than the context: cut to it`] : []),
      `${count(start.steps)} steps of up to ${start.batchSize} examples, ${Number(start.epochs.toFixed(1))} epochs`,
    ],
    ({ errorRate, loss, metric, metricName }) => {
      const chosenBy =
        metricName === undefined || metricName === 'accuracy' ? '' : `${metricName} ${metric!.toFixed(4)}, `
      return `${chosenBy}error ${percent(errorRate)}, loss ${loss.toFixed(4)}`
    },
  )
