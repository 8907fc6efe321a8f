/** A BERT that was fine-tuned to tag words or to find answers: asked, and measured. */
import { existsSync } from 'node:fs'
import { OptionError } from '../base/errors.ts'
import { bertTaskOf, loadBertTaskFolder } from '../checkpoints/bert-task-folder.ts'
import { wordsOfText } from '../data/bert-task-rows.ts'
import type { AnsweredQuestion } from '../data/questions.ts'
import { stretchesOfTags, type TaggedWords } from '../data/tagged-words.ts'
import { readingMetrics, tagMetrics } from '../evaluation/bert-task-metrics.ts'
import type { Metric } from '../evaluation/task-metrics.ts'
import { BertReader, BertTagger } from '../models/bert-tasks.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import { bertReader, bertTagger, type TextAnswers, type WordTags } from '../training/bert-tasks.ts'
import type { CommandContext } from './command.ts'
import { predictionsFile, progressOf, reportMeasured } from './evaluate-report.ts'
import { openQuestions, openTagged } from './open-bert-examples.ts'

type Asked =
  | { readonly kind: 'tag'; readonly tagger: WordTags }
  | { readonly kind: 'find'; readonly reader: TextAnswers }

/** Opens such a folder; undefined of any other. */
export async function openBertTask(storage: Storage, runtime: Runtime): Promise<Asked | undefined> {
  const architecture = await bertTaskOf(storage)
  if (architecture === undefined || architecture === 'BertForSequenceClassification') return undefined
  const saved = await loadBertTaskFolder(storage)
  const { model } = saved
  if (model instanceof BertTagger) return { kind: 'tag', tagger: await bertTagger({ ...saved, model }, runtime) }
  if (model instanceof BertReader) return { kind: 'find', reader: await bertReader({ ...saved, model }, runtime) }
  return undefined
}

/** `nacre classify`: the names of a text, or the answer to a question about it. */
export async function askBertTask(
  asked: Asked,
  input: string,
  { json, print, report }: Pick<CommandContext, 'json' | 'print' | 'report'>,
): Promise<void> {
  if (asked.kind === 'find') {
    const [question, text] = input.split('\t')
    if (text === undefined) {
      const expected = 'a question and a text with a tab between them'
      const hint = "In a shell: $'Who sleeps?\\tThe cat sleeps.'"
      throw new OptionError({ what: 'INPUT', expected, received: JSON.stringify(input), hint })
    }
    const found = await asked.reader.find(question, text)
    if (json) report({ type: 'answer', input, ...found }, '')
    else print(found === undefined ? 'none' : `${found.answer} (${(100 * found.probability).toFixed(1)} %)`)
    return
  }
  const words = wordsOfText(input)
  const tags = (await asked.tagger.tags(words.map(({ word }) => word))).map(tag => tag ?? 'O')
  const names = stretchesOfTags(tags).map(({ kind, first, end }) => ({
    kind,
    text: input.slice(words[first].start, words[end - 1].end),
  }))
  if (json) report({ type: 'tags', input, words: words.map(({ word }) => word), tags, names }, '')
  else if (names.length === 0) print(words.map(({ word }, i) => `${word}/${tags[i]}`).join(' '))
  else for (const { kind, text } of names) print(`${kind}  ${text}`)
}

/** Metrics of examples that it has not seen, and every example with its answer. */
export async function measureBertTask(
  asked: Asked,
  examples: readonly (TaggedWords | AnsweredQuestion)[],
  { seed, onProgress }: { readonly seed: number; readonly onProgress?: (share: number) => void },
): Promise<{ readonly metrics: Metric[]; readonly outcomes: readonly object[] }> {
  let done = 0
  const each = async <E, O>(ask: (example: E) => Promise<O>): Promise<O[]> => {
    const outcomes: O[] = []
    for (const example of examples) {
      outcomes.push(await ask(example as E))
      onProgress?.(++done / examples.length)
    }
    return outcomes
  }
  if (asked.kind === 'tag') {
    const outcomes = await each(async ({ words, tags }: TaggedWords) => {
      return { words, tags, predicted: await asked.tagger.tags(words) }
    })
    return { metrics: tagMetrics(outcomes, { seed }), outcomes }
  }
  const outcomes = await each(async ({ question, text, answers }: AnsweredQuestion) => {
    const found = await asked.reader.find(question, text)
    return { question, answer: found?.answer ?? '', expected: answers }
  })
  return { metrics: readingMetrics(outcomes, { seed }), outcomes }
}

export interface BertTaskOptions {
  readonly data?: string
  readonly task?: string
  readonly encoding: string
  readonly faulty: 'refuse' | 'skip'
  readonly seed: number
  readonly predictions?: string
}

/** `nacre evaluate` of such a BERT, on a file. */
export async function evaluateBertTask(
  folder: string,
  asked: Asked,
  { data, task, encoding, faulty, seed, predictions }: BertTaskOptions,
  context: Pick<CommandContext, 'host' | 'note' | 'print' | 'report' | 'json' | 'signal'>,
): Promise<void> {
  if (task !== undefined || data === undefined || !existsSync(data)) {
    const expected = asked.kind === 'tag' ? 'a file of words with tags (CoNLL)' : 'a file of questions (SQuAD’s JSON)'
    const received = data ?? (task === undefined ? 'none' : `--task ${task}`)
    throw new OptionError({ what: 'Option --data', expected, received })
  }
  const write = await predictionsFile({ predictions, data })
  const reading = { encoding, skipMalformed: faulty === 'skip' }
  const open = asked.kind === 'tag' ? openTagged : openQuestions
  const examples = await open(data, reading, context.note)
  const draw = progressOf(context)
  const began = performance.now()
  const { metrics, outcomes } = await measureBertTask(asked, examples, {
    seed,
    onProgress: share => {
      context.signal.throwIfAborted()
      draw(share)
    },
  }).finally(() => draw())
  await write(outcomes)
  const seconds = (performance.now() - began) / 1000
  reportMeasured(context, { model: folder, task: data, seed, metrics, examples: examples.length, seconds })
}
