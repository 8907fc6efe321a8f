import { OptionError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { openText } from '../data/node.ts'
import { type AnsweredQuestion, readSquad } from '../data/questions.ts'
import { RecordProblems } from '../data/records.ts'
import { readTaggedWords, type TaggedWords } from '../data/tagged-words.ts'

interface ReadOptions {
  readonly encoding: string
  readonly skipMalformed: boolean
}
type Note = (text: string) => void

/** What a file holds for a BERT alone: words with tags, or questions that texts answer; undefined of other files. */
export async function bertTaskOfFile(
  path: string,
  { encoding, task }: { readonly encoding: string; readonly task?: string },
): Promise<'tag' | 'find' | undefined> {
  if (task === 'tag' || task === 'find') return task
  if (task !== undefined) return undefined
  if (/\.(conll|conllu|bio|iob2?)(\.gz)?$/i.test(path)) return 'tag'
  if (!/\.json(\.gz)?$/i.test(path)) return undefined
  const squad =
    /^\s*\{\s*("version"\s*:\s*"[^"]*"\s*,\s*)?"data"\s*:\s*\[\s*\{\s*("title"\s*:\s*"(\\.|[^"\\])*"\s*,\s*)?"paragraphs"/
  for await (const chunk of (await openText(path, { encoding })).chunks()) return squad.test(chunk) ? 'find' : undefined
  return undefined
}

/** @throws {DataError} if lines have problems, all of them counted, and are not to be skipped */
export async function openTagged(path: string, options: ReadOptions, note: Note): Promise<TaggedWords[]> {
  const problems = new RecordProblems()
  const sentences = await readTaggedWords(await openText(path, options), problems)
  return checked(path, sentences, problems, options, note)
}

/** @throws {DataError} if questions have problems, all of them counted, and are not to be skipped */
export async function openQuestions(path: string, options: ReadOptions, note: Note): Promise<AnsweredQuestion[]> {
  const problems = new RecordProblems()
  let json = ''
  for await (const chunk of (await openText(path, options)).chunks()) json += chunk
  const { questions, unanswered } = readSquad(parsed(json), path, problems)
  if (unanswered > 0) note(`${unanswered} questions without an answer were left out.`)
  return checked(path, questions, problems, options, note)
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json)
  } catch {
    return undefined
  }
}

function checked<T>(
  path: string,
  examples: T[],
  problems: RecordProblems,
  { skipMalformed }: ReadOptions,
  note: Note,
): T[] {
  if (!skipMalformed) problems.check(path)
  if (problems.count > 0) note(`${problems.count} were left out, the first: ${problems.first[0]}`)
  if (examples.length > 1) return examples
  throw new OptionError({ what: path, expected: 'at least two examples', received: String(examples.length) })
}

/** A random part held out. */
export function parted<T>(
  examples: readonly T[],
  { seed, validationFraction }: { readonly seed: number; readonly validationFraction: number },
): { readonly train: readonly T[]; readonly validation: readonly T[] } {
  const shuffled = new Random(seed, 'split').shuffle([...examples])
  const held = Math.min(examples.length - 1, Math.max(1, Math.floor(examples.length * validationFraction)))
  return { train: shuffled.slice(held), validation: shuffled.slice(0, held) }
}
