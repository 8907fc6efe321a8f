import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { refuseGiven } from '../base/options.ts'
import { modelTypeOf } from '../checkpoints/classifier-folder.ts'
import { isFineTunedFolder } from '../checkpoints/fine-tuned-folder.ts'
import { findTask } from '../data/tasks.ts'
import { measureText } from '../data/text.ts'
import { type TextWindow, textMetrics, textPerplexity } from '../evaluation/text-perplexity.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { bertType } from '../training/bert-run.ts'
import { evaluateBertTask, openBertTask } from './bert-task.ts'
import { isClassifier, openClassifier } from './classify.ts'
import type { Command } from './command.ts'
import { evaluateBert } from './evaluate-bert.ts'
import { evaluateClassifier } from './evaluate-classifier.ts'
import { evaluateDigits } from './evaluate-digits.ts'
import { evaluateLanguageTask } from './evaluate-language-task.ts'
import { predictionsFile, progressOf } from './evaluate-report.ts'
import { evaluateVectorScores, evaluateVectors, meanOfWords } from './evaluate-vectors.ts'
import { openData } from './open-data.ts'
import { openFolder } from './open-folder.ts'
import { modelOptions, openModel } from './open-model.ts'
import { taskFor } from './open-task.ts'
import { openVectors, vectorsFile } from './open-vectors.ts'
import { wordingOptions } from './wording.ts'

const dataOptions = {
  task: {
    type: 'string',
    placeholder: 'NAME',
    help: 'what to answer: sst2, mrpc, stsb, babi, gsm8k, hellaswag, lambada, small-world-questions, ...',
  },
  data: {
    type: 'string',
    placeholder: 'FILE',
    help: 'a text to predict, examples of the task in its format, or a table of labelled texts, pairs or analogies of words',
  },
  mirror: { type: 'string', placeholder: 'DIR', help: 'take datasets from this folder (default: $NACRE_DATA_MIRROR)' },
  encoding: { type: 'string', default: 'utf-8', help: 'encoding of the text' },
  batchSize: { type: 'integer', default: 8, minimum: 1, unit: 'sequences', help: 'sequences at once' },
  context: {
    type: 'integer',
    minimum: 1,
    unit: 'tokens',
    help: 'a text: tokens of a window (default: what the model sees at once, 2,048 at most)',
  },
} as const

/** Of tasks. */
const taskOptions = {
  part: {
    type: 'choice',
    choices: ['train', 'validation', 'test'],
    default: 'test',
    help: 'task: which of its examples are asked',
  },
  shots: { type: 'integer', default: 0, minimum: 0, unit: 'examples', help: 'task: examples shown before each prompt' },
  limit: {
    type: 'integer',
    minimum: 1,
    unit: 'examples',
    help: 'task: so many examples, drawn at random (default: all)',
  },
  seed: { type: 'integer', default: 1, minimum: 0, help: 'decides what is drawn: shots, limit, bootstrap' },
  faulty: {
    type: 'choice',
    choices: ['refuse', 'skip'],
    default: 'refuse',
    help: 'malformed rows, and examples with characters that the model never saw: an error, or left out and counted',
  },
  predictions: { type: 'string', placeholder: 'FILE', help: 'task: write every example and its answer as JSON lines' },
} as const

/** Of word vectors; texts have no use for them. */
const vectorOptions = {
  rule: {
    type: 'choice',
    choices: ['add', 'multiply'],
    default: 'add',
    help: 'word vectors: how analogies are completed, by sums or by products',
  },
  among: { type: 'integer', default: 30_000, minimum: 1, unit: 'words', help: 'word vectors: only frequent words' },
} as const

const options: typeof dataOptions &
  typeof taskOptions &
  typeof wordingOptions &
  typeof vectorOptions &
  typeof modelOptions = {
  ...dataOptions,
  ...taskOptions,
  ...wordingOptions,
  ...vectorOptions,
  ...modelOptions,
}

export const command: Command<typeof options> = {
  arguments: [{ name: 'RUN', help: 'folder of a trained model' }],
  options,
  examples: [
    'nacre evaluate runs/my --data other.txt',
    'nacre evaluate runs/my --task babi-1 --shots 2 --limit 200',
    'nacre evaluate runs/my --task hellaswag --data hellaswag_val.jsonl --predictions answers.jsonl',
    'nacre evaluate runs/my --task sst2 --prompt "{text} very" --choices negative,positive',
    'nacre evaluate runs/sst2 --task sst2',
    'nacre evaluate runs/bert --task stsb',
    'nacre evaluate runs/vectors --data word-analogies',
    'nacre evaluate runs/vectors --data pairs.txt',
  ],
  async run(context) {
    const { host, json, report, print, note, options } = context
    const [folder] = context.arguments
    const { task } = options
    if (vectorsFile(folder) !== undefined) {
      if (task === undefined) return evaluateVectors(await openVectors(folder), options, context)
      return evaluateVectorScores(folder, task, meanOfWords(await openVectors(folder)), options, context)
    }
    const storage = await openFolder(folder, options)
    const modelType = existsSync(resolve(folder)) ? await modelTypeOf(storage) : ''
    const runtime = () => nodeRuntime({ device: options.device, threads: options.threads })
    if (modelType === 'mlp') {
      if (task !== undefined) taskFor('a classifier of digits', task, [])
      return evaluateDigits(storage, runtime(), options, { host, json, report, print, note })
    }
    if (isClassifier(modelType) || (await isFineTunedFolder(storage))) {
      refuseGiven(
        context.given,
        ['shots', 'prompt', 'choices'],
        'a language model: a classifier is given the bare texts',
      )
      return evaluateClassifier(folder, task, await openClassifier(storage, runtime()), options, context)
    }
    const bertTask = modelType === bertType ? await openBertTask(storage, runtime()) : undefined
    if (bertTask !== undefined) return evaluateBertTask(folder, bertTask, options, context)
    if (modelType === bertType) return evaluateBert(folder, options, context)
    const isAsked = options.prompt !== undefined || options.choices !== undefined
    if (task !== undefined || isAsked) {
      refuseGiven(context.given, ['context'], 'a text that is predicted as a whole, --data')
      const generating = task !== undefined && findTask(task).form === 'answers'
      const open = () => openModel(folder, options, { generating })
      return evaluateLanguageTask(folder, task, open, options, context)
    }
    refuseGiven(
      context.given,
      ['shots', 'limit', 'part'],
      'examples of a task, --task or --prompt: a text is read as a whole',
    )
    const model = await openModel(folder, options)
    const text = await measureText(await openData(options, { environment: host.environment, note }))
    const draw = progressOf(context)
    const windows: TextWindow[] = []
    const write = await predictionsFile(options)
    const began = performance.now()
    const result = await textPerplexity(model, text, {
      batchSize: options.batchSize,
      context: options.context,
      onProgress: draw,
      onWindow: window => windows.push(window),
    }).finally(() => draw())
    const seconds = (performance.now() - began) / 1000
    await write(windows)
    const metrics = textMetrics(result, windows, text.bytes, options)
    if (json) {
      const record = { ...{ data: text.name, bytes: text.bytes }, ...result, metrics, seconds }
      report({ type: 'evaluation', ...record }, '')
      return
    }
    print(`${text.name}: ${result.tokens.toLocaleString('en-US')} tokens, ${text.bytes.toLocaleString('en-US')} bytes`)
    for (const { name, value, interval, digits } of metrics) {
      const range = Number.isNaN(interval[0]) ? '' : `  (${interval.map(end => end.toFixed(digits)).join(' to ')})`
      print(`${name.padEnd(16)}${value.toFixed(digits)}${range}`)
    }
    print(
      `${seconds.toFixed(1)} s; in brackets what 95 % of ${windows.length.toLocaleString('en-US')} windows drawn anew come to`,
    )
  },
}
