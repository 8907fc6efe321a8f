import { UnknownNameError } from '../base/options.ts'
import { agNewsTask } from './ag-news.ts'
import { babiTasks } from './babi.ts'
import { chnsenticorpTask } from './chnsenticorp.ts'
import { colaTask } from './cola.ts'
import { gsm8kTask } from './gsm8k.ts'
import { hellaswagTask } from './hellaswag.ts'
import { lambadaTask } from './lambada.ts'
import { mrpcTask } from './mrpc.ts'
import { ocnliTask } from './ocnli.ts'
import { rteTask } from './rte.ts'
import { smallWorldTasks } from './small-world-tasks.ts'
import { snliTask } from './snli.ts'
import { sst2Task } from './sst2.ts'
import { stsbTask } from './stsb.ts'
import type { Task } from './task.ts'
import { thucnewsTitlesTask } from './thucnews-titles.ts'

/** Every task that `nacre evaluate --task` knows: one line each. */
export const tasks: readonly Task[] = [
  sst2Task,
  chnsenticorpTask,
  agNewsTask,
  thucnewsTitlesTask,
  colaTask,
  mrpcTask,
  rteTask,
  snliTask,
  ocnliTask,
  stsbTask,
  ...babiTasks,
  gsm8kTask,
  hellaswagTask,
  lambadaTask,
  ...smallWorldTasks,
]

/**
 * A task by its name.
 * @throws {OptionError} if there is none, with the nearest name
 */
export function findTask(name: string): Task {
  const task = tasks.find(candidate => candidate.name === name)
  if (task !== undefined) return task
  throw new UnknownNameError(
    'task',
    name,
    tasks.map(candidate => candidate.name),
  )
}
