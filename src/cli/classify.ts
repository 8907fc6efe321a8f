import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { CheckpointError, OptionError } from '../base/errors.ts'
import { modelTypeOf } from '../checkpoints/classifier-folder.ts'
import { isFineTunedFolder } from '../checkpoints/fine-tuned-folder.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import { bar } from '../training/progress.ts'
import { askBertTask, openBertTask } from './bert-task.ts'
import { openZeroShot } from './classify-zero-shot.ts'
import { columnsOf, padColumns } from './columns.ts'
import type { Command } from './command.ts'
import { openFolder } from './open-folder.ts'
import { modelOptions } from './open-model.ts'
import { rewordingOf, wordingOptions } from './wording.ts'

/** What a classifier makes of one input. */
export interface Classification {
  /** What the probabilities are of, where that is the input's own: the answers of a choice. */
  readonly labels?: readonly string[]
  /** Of each class. */
  readonly probabilities: ArrayLike<number>
  /** What the model sees, for people, where that is not the input itself. */
  readonly picture?: string
}

/** A text, perhaps a question about it, and answers to choose from. */
export interface Question {
  readonly text: string
  readonly second?: string
  readonly choices: readonly string[]
}

export interface OpenClassifier {
  /** Names of the classes. */
  readonly labels: readonly string[]
  /** Where it chooses among answers that come with the input; `labels` are then their numbers. */
  readonly choose?: (question: Question) => Promise<Classification>
  /** Whether its vocabulary can write a text, or a question with its answers; where it is left out, it can write all. */
  readonly canRead?: (question: Partial<Question>) => boolean
  /** Whether it reads two texts, a pair; otherwise there is no second one. */
  readonly readsPairs?: boolean
  /** @param input - as typed: a text, or the path of a file */
  readonly classify: (input: string, second?: string) => Promise<Classification>
  /**
   * Many texts, pairs or questions at once, where that is faster than one by one.
   * @param onProgress - is told which share is done
   */
  readonly classifyAll?: (
    inputs: readonly (Omit<Question, 'choices'> & Partial<Question>)[],
    onProgress?: (share: number) => void,
  ) => Promise<Classification[]>
}

/** Opens a folder of one architecture. */
export type ClassifierKind = (storage: Storage, runtime: Runtime) => Promise<OpenClassifier>

/** By the `model_type` of config.json: one line each, loaded when it runs. */
const kinds: Readonly<Record<string, () => Promise<{ readonly open: ClassifierKind }>>> = {
  mlp: () => import('./classify-digit.ts'),
  tfidf: () => import('./classify-text.ts'),
  'recurrent-classifier': () => import('./classify-recurrent.ts'),
}

const options: typeof wordingOptions & typeof modelOptions = { ...wordingOptions, ...modelOptions }

export const command: Command<typeof options> = {
  arguments: [
    { name: 'RUN', help: 'folder of a trained classifier, or of a language model that is asked with --choices' },
    {
      name: 'INPUT',
      help: 'what to classify: a text, a pair of texts with a tab between them, a question with a tab before each answer or before the text that answers it, or a picture of a digit (.png, or a drawing in characters)',
      many: true,
    },
  ],
  options,
  examples: [
    'nacre train mlp --data mnist --out runs/mnist',
    'nacre classify runs/mnist digit.png',
    'nacre classify runs/sst2 "a wonderful film"',
    "nacre classify runs/snli $'A dog runs.\\tAn animal moves.'",
    'nacre classify runs/gpt "a wonderful film" --prompt "{text} very" --choices negative,positive',
  ],
  async run({ arguments: [folder, ...inputs], options: given, json, report, print }) {
    const { device, threads, base } = given
    const path = resolve(folder)
    if (!existsSync(path)) {
      const received = `"${folder}", which does not exist`
      const hint = 'Train one with: nacre train mlp --data mnist --out DIR, or: nacre train tfidf --data sst2 --out DIR'
      throw new OptionError({ what: 'RUN', expected: 'the folder of a trained classifier', received, hint })
    }
    const storage = await openFolder(folder, given)
    const wording = rewordingOf(given)
    if (wording !== undefined && wording.choices === undefined) {
      const expected = 'the words that --prompt is to go on with'
      throw new OptionError({ what: 'Option --choices', expected, received: 'none' })
    }
    const bertTask = await openBertTask(storage, nodeRuntime({ device, threads: threads ?? 1 }))
    if (bertTask !== undefined) {
      for (const input of inputs) await askBertTask(bertTask, input, { json, report, print })
      return
    }
    const { labels, classify } =
      wording?.choices === undefined
        ? await openClassifier(storage, nodeRuntime({ device, threads: threads ?? 1 }))
        : await openZeroShot(folder, { ...wording, choices: wording.choices }, { device, threads, base })
    for (const [i, input] of inputs.entries()) {
      const { probabilities, picture, labels: own = labels } = await classify(input)
      const all = own.map((label, at) => ({ label, probability: probabilities[at] }))
      const best = all.reduce((a, b) => (b.probability > a.probability ? b : a))
      if (json) {
        const byLabel = Object.fromEntries(all.map(({ label, probability }) => [label, probability]))
        report({ type: 'classification', input, ...best, probabilities: byLabel }, '')
        continue
      }
      print(`${i > 0 ? '\n' : ''}${input}: ${best.label} (${percent(best.probability)})\n`)
      if (picture !== undefined) print(`${picture}\n`)
      const width = Math.max(...own.map(columnsOf))
      for (const { label, probability } of all) {
        const length = Math.round(30 * probability)
        const line = `${padColumns(label, width)}  ${percent(probability).padStart(7)}  ${bar(1, length)}`
        print(line.trimEnd())
      }
    }
  },
}

/** Whether a folder's `model_type` is a classifier's. */
export const isClassifier = (modelType: string): boolean => Object.hasOwn(kinds, modelType)

/**
 * Opens a classifier's folder of any kind.
 * @throws {CheckpointError} if it is no classifier's
 */
export async function openClassifier(storage: Storage, runtime: Runtime): Promise<OpenClassifier> {
  const modelType = await modelTypeOf(storage)
  const load = (await isFineTunedFolder(storage)) ? () => import('./classify-fine-tuned.ts') : kinds[modelType]
  if (load !== undefined) return (await load()).open(storage, runtime)
  throw new CheckpointError({
    what: storage.locate('config.json'),
    expected: `the model_type of a classifier: ${Object.keys(kinds).join(', ')}`,
    received: `"${modelType}"`,
    hint: 'Language models are asked with --choices; nacre finetune makes a classifier of one.',
  })
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
