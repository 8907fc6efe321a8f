import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { UnknownNameError } from '../base/options.ts'
import { loadModelFolder, type SavedModel } from '../checkpoints/model-folder.ts'
import { namesShards, openShards, openTokens } from '../data/node.ts'
import type { Shard } from '../data/shards.ts'
import type { TextSource } from '../data/text.ts'
import { timeline } from '../models/index.ts'
import { translators } from '../models/translators.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { readText, type Storage } from '../storage/storage.ts'
import { trainByteLevelBPE } from '../tokenizers/bpe-training.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { gpt2Tokenizer } from '../tokenizers/gpt2-files.ts'
import { tokenizerFromJSON } from '../tokenizers/huggingface.ts'
import { lastSafeCut } from '../tokenizers/pretokenize.ts'
import { trainWordBPE } from '../tokenizers/subword-training.ts'
import { cutChunks, type Tokenizer } from '../tokenizers/tokenizer.ts'
import { gptTokenizer } from '../tokenizers/word-bpe.ts'
import { trainWords } from '../tokenizers/words.ts'
import { classifierNames, settleClassifierOptions } from '../training/classifier-run.ts'
import { trainOptions } from '../training/options.ts'
import { needsText, type RunOptions, resumedOptions, trainRun } from '../training/run.ts'
import { modelOfRun } from '../training/run-folder.ts'
import { settleOptions } from '../training/settle-options.ts'
import { translationOptions } from '../training/translation-options.ts'
import type { Command, CommandContext } from './command.ts'
import { openData } from './open-data.ts'
import { noteReplaced } from './out-folder.ts'
import { sampler } from './sample.ts'
import { showRun } from './show-run.ts'
import { trainDigits } from './train-classifier.ts'
import { isTranslatorRun, translatorEvents } from './train-translator.ts'

/** The flags of language models, and those of translators, whose runs `--resume` alone goes on with. */
const allOptions: typeof trainOptions = { ...trainOptions, ...translationOptions, ...trainOptions }
const ofTranslators = Object.keys(translationOptions).filter(name => !Object.hasOwn(trainOptions, name))

type Context = CommandContext<typeof trainOptions>

const names = [...timeline.map(({ name }) => name), ...classifierNames]
const others = [...translators.map(({ name }) => name), 'word2vec', 'tfidf', 'recurrent-classifier', 'bert']

export const command: Command<typeof trainOptions> = {
  arguments: [
    {
      name: 'MODEL',
      help: `what to train (default: llama): ${names.join(', ')}; with options of their own (nacre train word2vec --help): ${others.join(', ')}`,
      optional: true,
    },
  ],
  options: allOptions,
  unlisted: ofTranslators,
  examples: [
    'nacre train --data my.txt --out runs/my',
    'nacre train --resume --out runs/my --steps 4000',
    'nacre train gpt2 --data tinyshakespeare --preset char-large --out runs/large',
    'nacre train mlp --data mnist --out runs/mnist',
    'nacre train transformer --data multi30k --lower-case --out runs/de-en',
  ],
  async run(context) {
    const out = context.options.out ?? 'runs/latest'
    if (context.options.resume && (await isTranslatorRun(out))) {
      await showRun(await translatorEvents(context, out), out, context)
      return
    }
    const storage = nodeStorage(resolve(out))
    const { modelName, options: settled } = await settle(context, storage)
    if (classifierNames.includes(modelName)) return trainDigits(context, { storage, out, options: settled })
    const options = { ...settled, ...absolutePaths(settled) }
    if (options.microBatchSize && options.batchSize % options.microBatchSize !== 0) {
      throw new OptionError({
        what: 'Option --micro-batch-size',
        expected: `a divisor of --batch-size (${options.batchSize})`,
        received: String(options.microBatchSize),
      })
    }
    const teacher = await openTeacher(context, options)
    const shards = options.stream ? await openStreamed(options) : undefined
    const events = trainRun({
      modelName,
      storage,
      shards,
      options,
      runtime: nodeRuntime({ device: options.device, threads: options.threads }),
      text: (await needsText(storage, options))
        ? await openData(options, { environment: context.host.environment, note: context.note })
        : undefined,
      teacher,
      makeTokenizer: async text => teacher?.tokenizer ?? makeTokenizer(text, options),
      openTokens: name => openTokens(resolve(out), name),
      sample: sampler(options),
      signal: context.signal,
    })
    await showRun(events, out, context)
  },
}

/** @throws {OptionError} if `--data` names no files */
async function openStreamed({ data, field, encoding }: RunOptions): Promise<Shard[]> {
  if (data !== undefined && (existsSync(data) || namesShards(data))) return openShards(data, { field, encoding })
  const expected = 'files that are read as they come: a folder, a pattern, or names with commas between'
  const received = data === undefined ? 'none' : `"${data}"`
  throw new OptionError({ what: 'Option --data with --stream', expected, received })
}

/** The options of this start, or of the run that goes on. */
async function settle(context: Context, storage: Storage): Promise<{ modelName: string; options: RunOptions }> {
  const { given, options, arguments: words } = context
  if (options.resume) {
    const model = await modelOfRun(storage)
    if (model === undefined) {
      throw new OptionError({
        what: 'Option --resume',
        expected: `a run in ${options.out ?? 'runs/latest'}`,
        received: 'none',
        hint: 'Name its folder with --out.',
      })
    }
    if (['word2vec', 'recurrent-classifier', 'bert'].includes(model)) {
      const hint = `Try: nacre train ${model} --resume --out ${options.out ?? 'runs/latest'}`
      throw new OptionError({ what: 'Option --resume', expected: 'a language model', received: model, hint })
    }
    return resumedOptions(storage, given)
  }
  const modelName = words[0] ?? 'llama'
  const known = [...names, ...others]
  if (!known.includes(modelName)) throw new UnknownNameError('model', modelName, known)
  const settle = classifierNames.includes(modelName) ? settleClassifierOptions : settleOptions
  const settled = settle(modelName, given)
  await noteReplaced(storage, context.options.out ?? 'runs/latest', context.note)
  return { modelName, options: settled }
}

/** The model that `--teacher` names. */
async function openTeacher({ given }: Context, { teacher, resume }: RunOptions): Promise<SavedModel | undefined> {
  if (teacher === undefined) return undefined
  if (given.tokenizer !== undefined && !resume) {
    const expected = "to be left out: a student takes its teacher's"
    throw new OptionError({ what: 'Option --tokenizer', expected, received: `"${given.tokenizer}"` })
  }
  if (!existsSync(teacher)) {
    const expected = 'the folder of a trained model'
    throw new OptionError({ what: 'Option --teacher', expected, received: `"${teacher}", which does not exist` })
  }
  return loadModelFolder(nodeStorage(teacher))
}

/** A resumed run finds its files from any working directory. */
function absolutePaths({ data, tokenizer, teacher }: RunOptions): Pick<RunOptions, 'data' | 'tokenizer' | 'teacher'> {
  return {
    teacher: teacher === undefined ? undefined : resolve(teacher),
    data: data === undefined ? undefined : absoluteData(data),
    tokenizer: tokenizerKinds.includes(tokenizer) ? tokenizer : resolve(tokenizer),
  }
}

/** A file, a pattern, or files with commas between; the name of a dataset stays as it is. */
function absoluteData(data: string): string {
  const isPath = (part: string): boolean => existsSync(part) || /[*?]/.test(part)
  if (isPath(data)) return resolve(data)
  const parts = data.split(',')
  return parts.every(isPath) ? parts.map(part => resolve(part)).join(',') : data
}

const tokenizerKinds: readonly string[] = ['characters', 'bpe', 'word-bpe', 'words']

/** The tokenizer that the options name, trained on the text where it must be. */
async function makeTokenizer(text: TextSource, { tokenizer, vocabulary }: RunOptions): Promise<Tokenizer> {
  if (tokenizer === 'characters') return trainCharacters(text.chunks())
  if (tokenizer === 'bpe') {
    const texts = cutChunks(lastSafeCut, text.chunks())
    return trainByteLevelBPE(texts, { vocabularySize: vocabulary, specialTokens: ['<|endoftext|>'] })
  }
  if (tokenizer === 'word-bpe') {
    return trainWordBPE(text.chunks(), { vocabularySize: vocabulary, specialTokens: ['<|endoftext|>'] })
  }
  if (tokenizer === 'words') return trainWords(text.chunks(), { vocabularySize: vocabulary, lineBreaks: true })
  if (!existsSync(tokenizer)) {
    throw new OptionError({
      what: 'Option --tokenizer',
      expected: '"characters", "bpe", "word-bpe", "words" or a folder that exists',
      received: `"${tokenizer}"`,
    })
  }
  const storage = nodeStorage(resolve(tokenizer))
  if (await storage.exists('tokenizer.json'))
    return tokenizerFromJSON(JSON.parse(await readText(storage, 'tokenizer.json')))
  if (await storage.exists('encoder_bpe_40000.json')) {
    const encoder = JSON.parse(await readText(storage, 'encoder_bpe_40000.json'))
    return gptTokenizer(encoder, await readText(storage, 'vocab_40000.bpe'))
  }
  return gpt2Tokenizer(JSON.parse(await readText(storage, 'encoder.json')), await readText(storage, 'vocab.bpe'))
}
