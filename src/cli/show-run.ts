import { costLine } from '../training/cost.ts'
import { Pace, startLines, stepLine, validationLine } from '../training/progress.ts'
import type { RunEvent } from '../training/run.ts'
import type { CommandContext } from './command.ts'
import { doneLines } from './done-lines.ts'
import { ProgressLine } from './progress-line.ts'

/** Shows the events: records for programs, a bar on a terminal, lines elsewhere. */
export async function showRun(
  events: AsyncIterable<RunEvent>,
  out: string,
  context: Pick<CommandContext, 'host' | 'json' | 'print' | 'report'>,
): Promise<void> {
  const { json } = context
  const pace = new Pace()
  let steps = 1
  const progress = new ProgressLine(context)
  try {
    for await (const event of events) {
      if (json) {
        context.report(event, '')
        continue
      }
      switch (event.type) {
        case 'start':
          steps = event.steps
          for (const line of startLines(event)) progress.say(line)
          break
        case 'step': {
          const { event: smoothed, secondsLeft } = pace.smooth(event, steps)
          const line = stepLine(smoothed, steps, secondsLeft)
          if (progress.isDrawn) progress.draw(event.step / steps, line)
          else if (event.step % 100 === 0) progress.say(line)
          break
        }
        case 'validation':
          progress.say(validationLine(event))
          break
        case 'sample':
          progress.say(`step ${event.step}: the model writes:\n${event.text.trim().replace(/^/gm, '  │ ')}`)
          break
        case 'stopped':
          progress.say(costLine(event.cost))
          progress.say(`Stopped at step ${event.step}, everything saved. Go on with: nacre train --resume --out ${out}`)
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
