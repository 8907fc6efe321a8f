/**
 * What a fine-tuning makes a classifier of, a language model or BERT, and what came of it: each with how it reads a text or
 * a pair, and how it is kept in a folder. The loop and the run are the same for both.
 */
import { OptionError, TokenizerError } from '../base/errors.ts'
import { requireBertParts, type SavedBERT } from '../checkpoints/bert.ts'
import {
  bertTaskLayout,
  isUnusedBy,
  loadBertClassifierFolder,
  saveBertTaskFolder,
} from '../checkpoints/bert-task-folder.ts'
import { modelTypeOf } from '../checkpoints/classifier-folder.ts'
import {
  fineTunedLayout,
  loadFineTunedFolder,
  saveFineTunedFolder,
  taskTokenNames,
  taskTokensOf,
} from '../checkpoints/fine-tuned-folder.ts'
import type { SavedModel } from '../checkpoints/model-folder.ts'
import type { LayerLayout } from '../checkpoints/stored-parts.ts'
import { bertMarkers, bertTask } from '../data/bert-rows.ts'
import { questionRow, taggedRow } from '../data/bert-task-rows.ts'
import type { LabelledText } from '../data/labelled-text.ts'
import type { AnsweredQuestion } from '../data/questions.ts'
import { brief, RecordProblems } from '../data/records.ts'
import type { TaggedWords } from '../data/tagged-words.ts'
import type { EncodedText } from '../data/text-batches.ts'
import { BERT } from '../models/2018-bert.ts'
import { BertClassifier, BertReader, BertTagger } from '../models/bert-tasks.ts'
import { answerInput, type Combination, FineTunedClassifier, pairInput, textInput } from '../models/fine-tuning.ts'
import { sameModel } from '../models/language-model.ts'
import type { Storage } from '../storage/storage.ts'
import type { Segmenter } from '../tokenizers/segmenter.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { grownParameters, growVocabulary } from './grow-vocabulary.ts'
import type { SequenceClassifier } from './sequence-classifier.ts'

/** A model that reads texts or pairs, and how it reads them. */
export interface TextReader {
  readonly model: SequenceClassifier & object
  readonly tokenizer: Tokenizer
  /** Tokens that it sees at once. */
  readonly context: number
  readonly encode: (texts: readonly LabelledText[]) => EncodedText[]
}

/** What is learned from: texts, pairs and choices with labels; words with tags; questions that a text answers. */
export type TaskExample = LabelledText | TaggedWords | AnsweredQuestion

/** What is asked of an example: its class, the tags of its words, where in the text the answer stands. */
export type TaskKind = 'classes' | 'tags' | 'places'

export function taskKind(example: TaskExample): TaskKind {
  if ('words' in example) return 'tags'
  return 'answer' in example ? 'places' : 'classes'
}

/** A pre-trained model with a new layer on top. */
export interface NewClassifier extends Omit<TextReader, 'encode'> {
  /** @param examples - all of the kind that it was made for */
  readonly encode: (examples: readonly TaskExample[]) => EncodedText[]
  /** K; of an answer's places, how many a row has. */
  readonly classes: number
  /** What makes a run another run. */
  readonly configuration: object
  /** What was learned before, by the names of the whole model's parameters. */
  readonly learned: ReadonlyMap<string, Float32Array>
  /** Whether a parameter is new: it learns where adapters do. */
  readonly isNew: (name: string) => boolean
  /** Whether a parameter is of the pre-training alone. */
  readonly isUnused: (name: string) => boolean
  /** How its folder names its layers. */
  readonly layout: LayerLayout
  /** Parameters that have rows for new tokens. */
  readonly grown: readonly string[]
  /** Writes the folder. */
  save(storage: Storage, weights: ReadonlyMap<string, Float32Array>, labels: readonly string[]): Promise<void>
}

export interface NewClassifierOptions {
  readonly kind: TaskKind
  /** Names of the classes, or of the tags. */
  readonly labels: readonly string[]
  /** Of language models; BERT classifies one row. */
  readonly combination: Combination
  readonly fromScratch: boolean
  readonly seed: number
}

/** What can be fine-tuned. */
export type PreTrained = SavedModel | SavedBERT

export const isBert = (base: PreTrained): base is SavedBERT => base.model instanceof BERT

/**
 * The classifier that a pre-trained model begins as; the given one keeps its layers.
 * @throws {OptionError} if an option is not for such a model
 * @throws {CheckpointError} if BERT's folder has no pooler, and that is not to be learned from nothing
 */
export const newClassifier = (base: PreTrained, options: NewClassifierOptions): NewClassifier =>
  isBert(base) ? ofBert(base, options) : ofLanguageModel(base, options)

function ofLanguageModel(saved: SavedModel, options: NewClassifierOptions): NewClassifier {
  const { kind, labels, combination, seed } = options
  if (kind !== 'classes') {
    const what = kind === 'tags' ? 'Tags of words' : 'Answers in a text'
    const received = 'a language model, which sees no word from its right'
    throw new OptionError({ what, expected: 'a BERT', received })
  }
  const classes = labels.length
  const grown = growVocabulary(saved, taskTokenNames, seed)
  const { tokenizer } = grown
  const make = () => new FineTunedClassifier(sameModel(grown.model), { combination, classes })
  const model = make()
  const { context } = model.base
  return {
    ...{ model, tokenizer, context, classes },
    configuration: { base: model.base.configuration, ...model.configuration },
    learned: prefixed('base.', grown.weights),
    layout: fineTunedLayout(model),
    grown: grownParameters(saved, grown).map(name => `base.${name}`),
    isNew: name => name.startsWith('score.'),
    isUnused: () => false,
    encode: texts => encodeTask(texts as readonly LabelledText[], tokenizer, combination, context),
    save: (storage, weights, labels) => saveFineTunedFolder(storage, { model: make(), weights, labels, tokenizer }),
  }
}

function ofBert(saved: SavedBERT, options: NewClassifierOptions): NewClassifier {
  const { kind, labels, combination, fromScratch } = options
  if (combination !== 'one') {
    const what = combination === 'sum' ? 'Pairs in both orders' : 'Choices'
    throw new OptionError({ what, expected: 'a language model that learns them', received: 'a BERT' })
  }
  if (!fromScratch && kind === 'classes') requireBertParts(saved, ['pooler'], 'Fine-tuning a classifier')
  const { tokenizer } = saved
  const { separator } = bertMarkers(tokenizer)
  const { configuration, context } = saved.model
  const classes = kind === 'places' ? context : labels.length
  const make = () => new bertTasks[kind](new BERT(configuration), { classes, separator })
  const model = make()
  const encoders: Record<TaskKind, NewClassifier['encode']> = {
    classes: texts => bertTask(texts as readonly LabelledText[], tokenizer, context),
    tags: texts => (texts as readonly TaggedWords[]).map(words => taggedRow(words, labels, tokenizer, context)),
    places: texts => (texts as readonly AnsweredQuestion[]).map(asked => questionRow(asked, tokenizer, context)),
  }
  return {
    ...{ model, tokenizer, context, classes, configuration: { base: configuration, kind, classes } },
    learned: prefixed('bert.', saved.weights),
    layout: bertTaskLayout(model),
    grown: [],
    isNew: name => name.startsWith('output.') || (kind === 'classes' && name.startsWith('bert.pooler.')),
    isUnused: name => isUnusedBy(model, name),
    encode: encoders[kind],
    save: (storage, weights) => saveBertTaskFolder(storage, { model: make(), weights, labels, tokenizer }),
  }
}

const bertTasks = { classes: BertClassifier, tags: BertTagger, places: BertReader } as const

/** Texts all of whose characters a tokenizer can write; the others are counted. */
export function writableTexts<T extends Partial<LabelledText>>(
  texts: readonly T[],
  tokenizer: Tokenizer,
  problems: RecordProblems,
): T[] {
  return texts.filter(({ text = '', second = '', choices = [] }) => {
    try {
      for (const part of [text, second, ...choices]) tokenizer.encode(part)
      return true
    } catch (error) {
      if (!(error instanceof TokenizerError)) throw error
      problems.add(brief(text), "a text that the model's vocabulary can write", String(error.received))
      return false
    }
  })
}

/**
 * Texts, pairs and questions with choices as what a language model reads.
 * @throws {DataError} if the vocabulary lacks characters of some texts; of one text, TokenizerError
 */
export function encodeTask(
  texts: readonly LabelledText[],
  tokenizer: Tokenizer,
  combination: Combination,
  context: number,
): EncodedText[] {
  const tokens = taskTokensOf(tokenizer, 'tokenizer.json')
  const cut = (length: number) => (length > context ? { isCut: true } : {})
  const encode = ({ text, second, choices, label }: LabelledText): EncodedText => {
    const first = tokenizer.encode(text)
    const then = second === undefined ? undefined : tokenizer.encode(second)
    if (choices !== undefined) {
      const answers = choices.map(choice => tokenizer.encode(choice))
      const [ids, ...others] = answers.map(answer => answerInput(first, then ?? [], answer, tokens, context))
      const longest = Math.max(...answers.map(({ length }) => length))
      return { ids, others, label, ...cut(first.length + (then?.length ?? 0) + longest + 3) }
    }
    if (then === undefined) return { ids: textInput(first, tokens, context), label, ...cut(first.length + 2) }
    const pair = { ids: pairInput(first, then, tokens, context), label, ...cut(first.length + then.length + 3) }
    return combination === 'one' ? pair : { ...pair, others: [pairInput(then, first, tokens, context)] }
  }
  const problems = new RecordProblems()
  const encoded = texts.flatMap(text => {
    try {
      return [encode(text)]
    } catch (error) {
      if (texts.length === 1 || !(error instanceof TokenizerError)) throw error
      problems.add(brief(text.text), "a text that the model's vocabulary can write", String(error.received))
      return []
    }
  })
  problems.check('The texts')
  return encoded
}

const prefixed = <T>(prefix: string, values: ReadonlyMap<string, T>): Map<string, T> =>
  new Map([...values].map(([name, value]) => [prefix + name, value]))

/** A classifier that was fine-tuned. */
export interface FineTuned extends TextReader {
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly labels: readonly string[]
  /** Whether it chooses among answers that come with the text. */
  readonly chooses: boolean
}

/**
 * Reads the folder of a classifier that was fine-tuned, whatever it was before.
 * @throws {CheckpointError} if a file is missing or damaged, or it is another kind of folder
 */
export async function loadFineTuned(
  storage: Storage,
  options: { readonly segmenters?: readonly Segmenter[] } = {},
): Promise<FineTuned> {
  if ((await modelTypeOf(storage)) === 'bert') {
    const saved = await loadBertClassifierFolder(storage)
    const { context } = saved.model.bert
    return { ...saved, chooses: false, context, encode: texts => bertTask(texts, saved.tokenizer, context) }
  }
  const saved = await loadFineTunedFolder(storage, options)
  const { base, configuration } = saved.model
  const { combination } = configuration
  return {
    ...saved,
    chooses: combination === 'choice',
    context: base.context,
    encode: texts => encodeTask(texts, saved.tokenizer, combination, base.context),
  }
}
