import { OptionError } from '../base/errors.ts'
import { type AdamOptions, adamW } from '../optim/adamw.ts'
import { muon } from '../optim/muon.ts'
import type { Optimizer } from '../optim/optimizer.ts'

/** Which rule of the update a training follows. */
export const muonOptions = {
  optimizer: {
    type: 'choice',
    choices: ['adamw', 'muon'],
    default: 'adamw',
    help: 'rule of the update; muon: of hidden matrices, adamw of the rest',
  },
  adamRate: {
    type: 'number',
    default: 1,
    above: 0,
    help: 'with --optimizer muon: how far what follows adamw goes in a step, times the learning rate',
  },
} as const

/**
 * The optimizer that the options name.
 * @throws {OptionError} if a rate beside Muon's is asked for without Muon
 */
export function muonOrAdamW(
  { optimizer, adamRate }: { readonly optimizer: 'adamw' | 'muon'; readonly adamRate: number },
  adam: AdamOptions,
): Optimizer {
  if (optimizer === 'muon') return muon({ ...adam, adamRate })
  if (adamRate === 1) return adamW(adam)
  throw new OptionError({ what: 'Option --adam-rate', expected: '--optimizer muon beside it', received: optimizer })
}
