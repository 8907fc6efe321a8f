import { join } from 'node:path'
import type { EndEvent } from '../training/run-folder.ts'

const count = (value: number): string => value.toLocaleString('en-US')

/** How a training has ended, and where it has left what. */
export function doneLines({ step, early, best }: EndEvent, steps: number, out: string): string[] {
  const done = `Done. The model is in ${out}; its loss is plotted in ${join(out, 'training/loss.svg')}.`
  if (!early || best === undefined) return [done]
  const validations = best.since === 1 ? 'one validation was' : `${best.since} validations were`
  return [
    `Ended at step ${count(step)} of ${count(steps)}: ${validations} no better than that of step ${count(best.step)}, whose model is kept.`,
    done,
  ]
}
