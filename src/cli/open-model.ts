import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { loadModelFolder, type SavedModel } from '../checkpoints/model-folder.ts'
import { cachedPredictor, type Predictor } from '../generation/predictor.ts'
import type { SamplingOptions } from '../generation/sampling.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { nodeStorage } from '../storage/node.ts'

/** Options of every command that runs a trained model. */
export const deviceOptions = {
  threads: { type: 'integer', minimum: 1, help: 'threads of one operator (default: what suits the size of the model)' },
  device: { type: 'string', default: 'cpu', help: 'cpu, or what the installed onnxruntime-node offers' },
} as const

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
  stop: {
    type: 'strings',
    default: [],
    placeholder: 'TEXT',
    help: 'text that ends the generation; may be given often',
  },
  seed: { type: 'integer', default: 1, minimum: 0, help: 'the same seed gives the same text' },
} as const

/** What a command that generates text is told. */
export type GenerationTable = typeof generationOptions & typeof deviceOptions

export interface OpenModel extends SavedModel {
  readonly runtime: Runtime
}

/** Parameters below which one thread is faster than two: an operator is done before a second one wakes. */
const smallModel = 4_000_000

/**
 * Loads the folder of a run or of transformers.
 * @throws {OptionError} if there is no such folder
 */
export async function openModel(
  folder: string,
  { device, threads }: { readonly device: string; readonly threads?: number },
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
  const saved = await loadModelFolder(nodeStorage(path))
  const parameters = [...saved.weights.values()].reduce((sum, { length }) => sum + length, 0)
  const suitable = generating && parameters < smallModel ? 1 : availableParallelism()
  return { ...saved, runtime: nodeRuntime({ device, threads: threads ?? suitable }) }
}

/** Predicts the next token, with a cache. */
export const predictorOf = (model: OpenModel): Predictor => cachedPredictor(model)

/** What the table above says, for `samplingPolicies`. */
export function samplingOf(options: SamplingOptions): SamplingOptions {
  const { temperature, topK, topP, minP, repetitionPenalty } = options
  return { temperature, topK, topP, minP, repetitionPenalty }
}

/** `\n` and `\t` as a shell passes them on. */
export function unescapeText(text: string): string {
  return text.replaceAll('\\n', '\n').replaceAll('\\t', '\t')
}
