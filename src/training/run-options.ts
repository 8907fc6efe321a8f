/** Options that every training by gradients has. */
import type { OptionTable } from '../base/options.ts'

/** What becomes of the gradient, what is written when, and where it is computed. */
export const runOptions = {
  clip: { type: 'number', default: 1, minimum: 0, help: 'largest norm of the gradient (0: no clipping)' },
  maximumGradientNorm: { type: 'number', default: 1e4, above: 0, help: 'a larger gradient stops the training' },

  patience: {
    type: 'integer',
    minimum: 1,
    unit: 'validations',
    help: 'end after so many validations without a better one (default: never)',
  },
  saveEvery: { type: 'integer', default: 250, minimum: 1, unit: 'steps', help: 'steps between checkpoints' },
  logEvery: { type: 'integer', default: 10, minimum: 1, unit: 'steps', help: 'steps between lines of metrics.jsonl' },

  threads: { type: 'integer', minimum: 1, help: 'threads of one operator (default: one per core)' },
  device: { type: 'string', default: 'cpu', help: 'cpu, or what the installed onnxruntime-node offers' },
} as const

/**
 * Names of the options that a resumed run may be given anew without becoming another run.
 * @param own - beside those that may be changed in every training
 */
export function changeableOptions(table: OptionTable, own: readonly string[]): ReadonlySet<string> {
  const everywhere = /^(resume|out|mirror|threads|device|.*Every|patience|learningRate|clip|maximumGradientNorm)$/
  return new Set(Object.keys(table).filter(name => everywhere.test(name) || own.includes(name)))
}
