/** Texts as recipes need them: whole, or only the beginning for a quick run. */
import { type ClassificationTask, memoryText, type TextSource } from '../src/index.ts'

export async function wholeText(source: TextSource): Promise<string> {
  let text = ''
  for await (const chunk of source.chunks()) text += chunk
  return text
}

/** The first characters of a text's first chunk. */
export async function beginningOf(source: TextSource, characters: number): Promise<TextSource> {
  for await (const chunk of source.chunks()) return memoryText(chunk.slice(0, characters), source.name)
  return source
}

/** A few texts of each part. */
export function fewTexts({ train, validation, test, ...task }: ClassificationTask): ClassificationTask {
  return { ...task, train: train.slice(0, 64), validation: validation.slice(0, 16), test: test.slice(0, 16) }
}
