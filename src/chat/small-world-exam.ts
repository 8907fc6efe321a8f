/** A model is asked about stories of the small world that it never read. */
import { type Language, smallWorldExamples } from '../data/small-world.ts'
import { type GenerateOptions, generate, length } from '../generation/generate.ts'
import type { LoadedPredictor } from '../generation/predictor.ts'
import { greedy } from '../generation/sampling.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { askAbout } from './small-world-conversations.ts'
import type { ChatTemplate } from './template.ts'

export interface ExamOptions {
  readonly language: Language
  /** How many questions, each about a story of its own. */
  readonly questions: number
  /** Of the stories: none that the model has learned from. */
  readonly seed: number
  readonly signal?: AbortSignal
}

export interface ExamAnswer {
  readonly prompt: string
  readonly answer: string
  readonly expected: string
}

/** What is examined: its likeliest answer counts. */
export interface Examinee {
  readonly tokenizer: Tokenizer
  readonly predictor: LoadedPredictor
  readonly template: ChatTemplate
  /** Tokens that end its turn. */
  readonly turnEnds: readonly number[]
}

/** One answer after another; it is right where it is the expected one to the letter. */
export async function* smallWorldExam(
  { tokenizer, predictor, template, turnEnds }: Examinee,
  { language, questions, seed, signal }: ExamOptions,
): AsyncGenerator<ExamAnswer> {
  const longest = 40
  const settings: GenerateOptions = { sample: [greedy], stopTokens: turnEnds, stopWhen: [length(longest)], signal }
  for (const { story, question, fact } of smallWorldExamples({
    ...{ seed, language, kind: 'question', documents: questions },
  })) {
    const prompt = askAbout(story, question, language)
    const messages = [{ role: 'user', content: prompt }] as const
    const ids = tokenizer.encode(template.render({ messages }, { addGenerationPrompt: true }), { special: true })
    let written = ''
    for await (const { text } of generate(predictor, tokenizer, [...ids], settings)) written += text
    yield { prompt, answer: written.trim(), expected: fact }
  }
}
