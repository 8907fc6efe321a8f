/** Prompts with examples before them: few-shot prompting, as in Brown et al., GPT-3, 2020, section 2.4. */
import { Random } from '../base/random.ts'
import type { Task, TaskExample } from '../data/task.ts'

/** What a prompt and its answer are together, as a shot shows them. */
export function shotOf({ joint }: Pick<Task, 'joint'>, example: TaskExample): string {
  return `${example.prompt}${joint}${answerOf(example)}`
}

/** The right answer, as a document would write it. */
export function answerOf(example: TaskExample): string {
  if ('answer' in example) return example.answer
  if ('label' in example) return example.choices[example.label]
  return example.choices[Math.min(example.choices.length - 1, Math.max(0, Math.round(example.score)))]
}

/**
 * The prompt of an example after k others with their answers, an empty line between them unless the task says otherwise. Each example has shots of its
 * own, a function of the seed and its number; of its group, if it has one, and never itself.
 */
export function promptWithShots(
  task: Pick<Task, 'joint' | 'between'>,
  example: TaskExample,
  { pool, shots, seed, number }: { pool: readonly TaskExample[]; shots: number; seed: number; number: number },
): string {
  if (shots === 0) return example.prompt
  const random = new Random(seed, `shots/${number}`)
  const drawn = new Set<number>()
  // Draws again what was drawn before; pools are larger than what is drawn of them, or all of it is taken.
  const fitting = (i: number) => pool[i] !== example && pool[i].prompt !== example.prompt && !drawn.has(i)
  const left = Math.min(shots, pool.filter((_, i) => fitting(i)).length)
  while (drawn.size < left) {
    const i = random.integer(pool.length)
    if (fitting(i)) drawn.add(i)
  }
  return [...[...drawn].map(i => shotOf(task, pool[i])), example.prompt].join(task.between ?? '\n\n')
}

/** Examples by their group. */
export function groupsOf(examples: readonly TaskExample[]): ReadonlyMap<string | undefined, readonly TaskExample[]> {
  return Map.groupBy(examples, ({ group }) => group)
}
