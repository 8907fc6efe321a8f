import { OptionError } from '../base/errors.ts'
import { fetchDataset, openText } from '../data/node.ts'
import type { Task, TaskData, TaskForm } from '../data/task.ts'
import { findTask, tasks } from '../data/tasks.ts'

/** What a person says of the examples of a task. */
export interface TaskOptions {
  readonly data?: string
  readonly mirror?: string
  readonly encoding: string
  readonly faulty: 'refuse' | 'skip'
}

/**
 * The task of a name, if a model of this kind can answer it.
 * @param kind - how messages call the model
 * @param forms - what it can answer
 * @throws {OptionError} if the name is unknown, or it is a task of another form
 */
export function taskFor(kind: string, name: string, forms: readonly TaskForm[]): Task {
  const task = findTask(name)
  if (forms.includes(task.form)) return task
  const able = tasks.filter(({ form }) => forms.includes(form)).map(other => other.name)
  const expected = able.length === 0 ? 'nothing: there is no task for it' : able.join(', ')
  throw new OptionError({
    what: `Option --task for ${kind}`,
    expected: `a task that it can answer: ${expected}`,
    received: `${name}, a task of ${formNames[task.form]}`,
  })
}

const formNames: Readonly<Record<TaskForm, string>> = {
  classes: 'classes',
  choices: 'choices',
  scores: 'scores',
  answers: 'answers',
  'last-word': 'last words',
}

/**
 * The examples of a task: of its dataset, of a file in its format, or generated.
 * @throws {OptionError} if a file is needed and none is named, or the other way round
 * @throws {DataError} if a file is malformed, and that is not to be skipped
 */
export async function openTask(
  task: Task,
  { data, mirror, encoding, faulty }: TaskOptions,
  { environment, note }: { environment: Readonly<Record<string, string | undefined>>; note: (text: string) => void },
): Promise<TaskData> {
  const options = { malformed: faulty }
  if (data !== undefined && task.readFile !== undefined)
    return task.readFile(await openText(data, { encoding }), options)
  if (data !== undefined) {
    const expected = `nothing for ${task.name}, whose examples are its own`
    throw new OptionError({ what: 'Option --data', expected, received: data })
  }
  if (task.read === undefined) {
    const expected = `a file in the format of ${task.name}`
    throw new OptionError({ what: 'Option --data', expected, received: 'none', hint: 'JSON lines: see the README.' })
  }
  if (task.dataset === undefined) return task.read([], options)
  note(`Reading dataset ${task.dataset.name} ...`)
  return task.read(await fetchDataset(task.dataset, { environment, mirror }), options)
}
