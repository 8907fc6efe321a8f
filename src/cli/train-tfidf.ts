import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { saveTextClassifierFolder } from '../checkpoints/text-classifier-folder.ts'
import { fitTextVectors } from '../models/text-vectors.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { stopWords } from '../tokenizers/stop-words.ts'
import { labelledTextOptions } from '../training/labelled-text-options.ts'
import { chooseTextClassifier, labelledRows, scoreTextClassifier } from '../training/text-classifier.ts'
import type { Command } from './command.ts'
import { openLabelledTexts } from './open-labelled-texts.ts'
import { refuseOther } from './out-folder.ts'

const ownOptions = {
  out: { type: 'string', placeholder: 'DIR', default: 'runs/latest', help: 'folder of the classifier' },
  ngrams: { type: 'integer', default: 2, minimum: 1, maximum: 5, unit: 'words', help: 'longest term' },
  minimumDocuments: { type: 'integer', default: 1, minimum: 1, unit: 'texts', help: 'rarer terms are left out' },
  stopWords: { type: 'boolean', default: false, help: 'leave out English and Chinese function words' },
  marks: { type: 'boolean', default: true, help: 'keep punctuation as words' },
  frequency: {
    type: 'choice',
    choices: ['binary', 'count', 'sublinear'],
    default: 'sublinear',
    help: 'what a term that comes often counts',
  },
  idf: {
    type: 'choice',
    choices: ['smooth', 'textbook', 'none'],
    default: 'smooth',
    help: 'what a rare term is worth; none: bag of words',
  },
  l2: { type: 'number', minimum: 0, help: 'strength of the penalty (default: what suits the validation texts best)' },
  epochs: { type: 'integer', default: 4, minimum: 1, help: 'times that each text is seen' },
  threads: { type: 'integer', default: 1, minimum: 1, help: 'threads of one operator' },
} as const

const tfidfOptions: typeof labelledTextOptions & typeof ownOptions = { ...labelledTextOptions, ...ownOptions }

/** Penalties that are tried where none is given. */
const strengths = [1e-4, 3e-5, 1e-5, 3e-6, 1e-6]

/** `nacre train tfidf`, whose options are its own. */
export const command: Command<typeof tfidfOptions> = {
  arguments: [{ name: 'tfidf', help: 'logistic regression on TF-IDF, for labelled texts' }],
  options: tfidfOptions,
  examples: [
    'nacre train tfidf --data sst2 --out runs/sst2',
    'nacre train tfidf --data chnsenticorp --segmenter jieba --out runs/reviews',
    'nacre classify runs/sst2 "a wonderful film"',
  ],
  async run(context) {
    const { arguments: words, options, report, print, note, signal, host, json } = context
    if (words.length !== 1 || words[0] !== 'tfidf') {
      const received = words.map(word => `"${word}"`).join(' ')
      throw new OptionError({ what: 'nacre train', expected: 'tfidf as its only word', received })
    }
    const { environment } = host
    const storage = nodeStorage(resolve(options.out))
    await refuseOther(storage, options.out, 'tfidf')
    const { classes, train, validation, test, segmenter } = await openLabelledTexts(options, { environment, note })
    const vectors = fitTextVectors(
      train.map(({ text }) => text),
      {
        ...{ segmenter, ngrams: options.ngrams, minimumDocuments: options.minimumDocuments },
        ...{ frequency: options.frequency, idf: options.idf, normalize: true, wordsOnly: !options.marks },
        stopWords: options.stopWords ? new Set([...stopWords.en, ...stopWords.zh]) : undefined,
      },
    )
    const runtime = nodeRuntime({ threads: options.threads })
    const count = (value: number) => value.toLocaleString('en-US')
    print(`${count(train.length)} texts, ${classes.length} classes, ${count(vectors.width)} terms by ${segmenter.name}`)
    const rows = labelledRows(vectors, train)
    const chosen = await chooseTextClassifier({
      ...{ runtime, train: rows, classes: classes.length, epochs: options.epochs, seed: options.seed, signal },
      validation: labelledRows(vectors, validation),
      strengths: options.l2 === undefined ? strengths : [options.l2],
      onStep: ({ step, loss }, steps) => {
        if (host.stderr.isTerminal && !json && step % 20 === 0)
          host.stderr.write(
            step + 20 > steps ? '\r\x1b[K' : `\r\x1b[Kstep ${step} of ${steps}, loss ${loss.toFixed(4)}`,
          )
      },
      onTried: (l2, accuracy) =>
        report(
          { type: 'tried', l2, accuracy },
          `penalty ${l2.toExponential()}: ${percent(accuracy)} of the validation texts`,
        ),
    })
    const result = test && (await scoreTextClassifier(chosen, labelledRows(vectors, test), runtime))
    if (result) {
      const text = `test: ${percent(result.accuracy)} of ${count(test.length)} texts right`
      report({ type: 'test', accuracy: result.accuracy, texts: test.length, l2: chosen.l2 }, text)
    }
    await saveTextClassifierFolder(storage, { ...chosen, vectors, labels: classes })
    note(`The classifier is in ${options.out}. Try: nacre classify ${options.out} TEXT`)
  },
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
