import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { checkOptions, flagOf, type GivenOptions, type OptionsOf } from '../base/options.ts'
import { loadModelFolder, type SavedModel } from '../checkpoints/model-folder.ts'
import { type GenerateOptions, length } from '../generation/generate.ts'
import { cachedPredictor, type LoadedPredictor } from '../generation/predictor.ts'
import { samplingPolicies } from '../generation/sampling.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import { adapterOptions, openFolder } from './open-folder.ts'

/** Options of every command that runs a trained model. */
export const deviceOptions = {
  threads: { type: 'integer', minimum: 1, help: 'threads of one operator (default: what suits the size of the model)' },
  device: { type: 'string', default: 'cpu', help: 'cpu, or what the installed onnxruntime-node offers' },
} as const

/** Options of every command that opens a model, which may be an adapter. */
export const modelOptions: typeof deviceOptions & typeof adapterOptions = { ...deviceOptions, ...adapterOptions }

/** What is said of where a model is and runs. */
export interface ModelPlace {
  readonly device: string
  readonly threads?: number
  /** Of an adapter: folder of its base. */
  readonly base?: string
}

/** Options of every command that generates text. */
export const generationOptions = {
  tokens: { type: 'integer', default: 300, minimum: 1, unit: 'tokens', help: 'tokens to generate at most' },
  temperature: {
    type: 'number',
    default: 0.8,
    minimum: 0,
    help: '0: always the likeliest token; 1: as the model says',
  },
  topK: { type: 'integer', default: 0, minimum: 0, help: 'only the k likeliest tokens (0: all)' },
  topP: { type: 'number', default: 1, above: 0, maximum: 1, help: 'only the likeliest tokens that add up to p' },
  minP: {
    type: 'number',
    default: 0,
    minimum: 0,
    maximum: 1,
    help: 'only tokens at least p times as likely as the likeliest',
  },
  repetitionPenalty: { type: 'number', default: 1, above: 0, help: 'above 1: tokens that were used grow less likely' },
  stop: { type: 'strings', default: [], placeholder: 'TEXT', help: 'text that ends the generation and is not shown' },
  seed: { type: 'integer', default: 1, minimum: 0, help: 'the same seed gives the same text' },
} as const

/** What a command that generates text is told. */
export type GenerationTable = typeof generationOptions & typeof modelOptions

const generationTable: GenerationTable = { ...generationOptions, ...modelOptions }

export interface OpenModel extends SavedModel {
  readonly runtime: Runtime
}

/** Parameters below which one thread is faster than two: an operator is done before a second one wakes. */
const smallModel = 4_000_000

/**
 * Loads the folder of a run or of transformers, or of an adapter, ours or PEFT's.
 * @throws {OptionError} if there is no such folder
 * @throws {DeviceError} if the device is not there
 * @throws {CheckpointError} if it is not the folder of a model, or a damaged one
 */
export async function openModel(
  folder: string,
  { device, threads, base }: ModelPlace,
  { generating = false }: { generating?: boolean } = {},
): Promise<OpenModel> {
  const path = resolve(folder)
  if (!existsSync(path)) {
    throw new OptionError({
      what: 'RUN',
      expected: 'the folder of a trained model',
      received: `"${folder}", which does not exist`,
      hint: 'Train one with: nacre train gpt2 --data FILE --out DIR',
    })
  }
  nodeRuntime({ device }) // a device that is not there is said before a large file is read
  const saved = await loadModelFolder(await openFolder(folder, { base }))
  const parameters = [...saved.weights.values()].reduce((sum, { length: count }) => sum + count, 0)
  const suitable = generating && parameters < smallModel ? 1 : availableParallelism()
  return { ...saved, runtime: nodeRuntime({ device, threads: threads ?? suitable }) }
}

/** Predicts the next token, with a cache. */
export const predictorOf = (model: OpenModel): LoadedPredictor => cachedPredictor(model)

/** What was given over what the model's folder recommends over the defaults. */
export function generationOptionsOf(
  model: OpenModel,
  given: GivenOptions<GenerationTable>,
): OptionsOf<GenerationTable> {
  const own = Object.fromEntries(Object.keys(generationTable).map(name => [name, given[name as keyof GenerationTable]]))
  return checkOptions(generationTable, own, { preset: model.generation, spelling: flagOf })
}

/** The options as `generate` takes them. */
export function generateOptions(
  { tokenizer: { beginOfText, endOfText }, turnEnds = [] }: OpenModel,
  options: OptionsOf<typeof generationOptions>,
): GenerateOptions {
  return {
    sample: samplingPolicies(options),
    stopWhen: [length(options.tokens)],
    stopStrings: options.stop.map(unescapeText),
    // Another text begins where this one has ended.
    stopTokens: [beginOfText, endOfText, ...turnEnds].filter(id => id !== undefined),
    seed: options.seed,
  }
}

/**
 * What a text begins with where no prompt is given: what the model expects there, else a line break, else the token that ends a document.
 * @throws {OptionError} if the vocabulary has neither
 */
export function firstTokens(tokenizer: Tokenizer): { readonly ids: number[]; readonly name: string } {
  const { beginOfText, endOfText, specialTokens } = tokenizer
  const nameOf = (token: number) => [...specialTokens].find(([, id]) => id === token)?.[0]
  if (beginOfText !== undefined) return { ids: [beginOfText], name: nameOf(beginOfText) ?? `token ${beginOfText}` }
  try {
    return { ids: [...tokenizer.encode('\n')], name: 'a line break' }
  } catch {
    const name = endOfText === undefined ? undefined : nameOf(endOfText)
    if (endOfText !== undefined && name !== undefined) return { ids: [endOfText], name }
    const expected = 'a text: the vocabulary has no line break to begin with'
    throw new OptionError({ what: 'Option --prompt', expected, received: 'an empty text' })
  }
}

/** `\n`, `\t` and `\\`, which a shell passes on as they are typed. */
export function unescapeText(text: string): string {
  return text.replace(/\\([nt\\])/g, (_, letter: string) => ({ n: '\n', t: '\t' })[letter] ?? letter)
}
