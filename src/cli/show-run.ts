import { join } from 'node:path'
import { bar, Pace, startLines, stepLine, validationLine } from '../training/progress.ts'
import type { RunEvent } from '../training/run.ts'
import type { CommandContext } from './command.ts'

/** Shows the events: records for programs, a bar on a terminal, lines elsewhere. */
export async function showRun(
  events: AsyncIterable<RunEvent>,
  out: string,
  context: Pick<CommandContext, 'host' | 'json' | 'print' | 'report'>,
): Promise<void> {
  const { host, json, print } = context
  const terminal = host.stdout.isTerminal && !json
  const pace = new Pace()
  let steps = 1
  let drawn = false
  const clear = () => {
    if (drawn) host.stdout.write('\r\x1b[K')
    drawn = false
  }
  const say = (text: string) => {
    clear()
    print(text)
  }
  try {
    for await (const event of events) {
      if (json) {
        context.report(event, '')
        continue
      }
      switch (event.type) {
        case 'start':
          steps = event.steps
          for (const line of startLines(event)) say(line)
          break
        case 'step': {
          const { event: smoothed, secondsLeft } = pace.smooth(event, steps)
          const line = stepLine(smoothed, steps, secondsLeft)
          if (terminal) {
            const width = Math.max(0, Math.min(24, host.stdout.columns - line.length - 4))
            host.stdout.write(`\r\x1b[K${bar(event.step / steps, width)} ${line}`.slice(0, host.stdout.columns + 4))
            drawn = true
          } else if (event.step % 100 === 0) say(line)
          break
        }
        case 'validation':
          say(validationLine(event))
          break
        case 'sample':
          say(`step ${event.step}: the model writes:\n${event.text.trim().replace(/^/gm, '  │ ')}`)
          break
        case 'stopped':
          say(`Stopped at step ${event.step}, everything saved. Go on with: nacre train --resume --out ${out}`)
          break
        case 'done':
          say(`Done. The model is in ${out}; its loss is plotted in ${join(out, 'training/loss.svg')}.`)
          break
      }
    }
  } catch (error) {
    clear()
    throw error
  }
}
