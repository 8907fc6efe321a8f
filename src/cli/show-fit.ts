import { costLine } from '../training/cost.ts'
import type { FitStep, ValidationEvent } from '../training/fit.ts'
import { clock } from '../training/progress.ts'
import type { KeptEvent } from '../training/run-folder.ts'
import type { CommandContext } from './command.ts'
import { doneLines } from './done-lines.ts'
import { ProgressLine } from './progress-line.ts'

export type ShowContext = Pick<CommandContext, 'host' | 'json' | 'print' | 'report'>

interface Shown extends ShowContext {
  /** Folder of the run. */
  readonly out: string
  /** The command that goes on with it. */
  readonly resumeLine: string
  /** What a step counts. */
  readonly unit: string
}

/** How every training begins. */
interface Start {
  readonly type: 'start'
  readonly steps: number
  readonly from: number
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/**
 * Shows the events of a training: records for programs, a bar on a terminal, lines elsewhere.
 *
 * @param startLines - the last of them says how many steps there are; a resumed run says where it goes on instead
 * @param validationText - what was measured on what is held out
 */
export async function showFit<S extends Start, V extends Pick<ValidationEvent, 'type' | 'step' | 'best'>>(
  events: AsyncIterable<S | V | FitStep | KeptEvent>,
  { out, resumeLine, unit, json, report, ...context }: Shown,
  startLines: (start: S) => readonly string[],
  validationText: (validation: V) => string,
): Promise<void> {
  let [steps, loss, durationMs] = [1, Number.NaN, Number.NaN]
  const smooth = (mean: number, value: number) => (Number.isNaN(mean) ? value : mean + 0.05 * (value - mean))
  const progress = new ProgressLine({ ...context, json })
  try {
    for await (const event of events) {
      if (json) {
        report(event, '')
        continue
      }
      switch (event.type) {
        case 'start': {
          steps = event.steps
          const lines = startLines(event)
          for (const line of lines.slice(0, -1)) progress.say(line)
          progress.say(event.from > 0 ? `resumed at step ${count(event.from)} of ${count(steps)}` : lines.at(-1)!)
          break
        }
        case 'step': {
          loss = smooth(loss, event.loss)
          durationMs = smooth(durationMs, event.durationMs)
          const left = clock(((steps - event.step) * durationMs) / 1000)
          const rate = count((event.itemsPerSecond * event.durationMs) / durationMs)
          const line = `step ${count(event.step)}/${count(steps)}  loss ${loss.toFixed(4)}  ${rate} ${unit}/s  ${left} left`
          if (progress.isDrawn) progress.draw(event.step / steps, line)
          else if (event.step % 500 === 0) progress.say(line)
          break
        }
        case 'validation':
          progress.say(`step ${count(event.step)}: held out: ${validationText(event)}${event.best ? ' (best)' : ''}`)
          break
        case 'sample':
          progress.say(`step ${count(event.step)}: the model writes:\n${event.text.trim().replace(/^/gm, '  │ ')}`)
          break
        case 'stopped':
          progress.say(costLine(event.cost))
          progress.say(`Stopped at step ${event.step}, everything saved. Go on with: ${resumeLine}`)
          break
        case 'done':
          progress.say(costLine(event.cost))
          for (const line of doneLines(event, steps, out)) progress.say(line)
          break
      }
    }
  } finally {
    progress.clear()
  }
}
