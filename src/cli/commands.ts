import type { CommandEntry } from './command.ts'

/** Every command of `nacre`, in the order of its help: one line each, loaded when it runs. */
export const commands: readonly CommandEntry[] = [
  { name: 'train', summary: 'train a model on a text', load: () => import('./train.ts') },
  { name: 'data', summary: 'list and fetch public datasets', load: () => import('./data.ts') },
]
