/**
 * Reads the weights that GPT was published with: params_shapes.json, a list of shapes, and params_0.npy, params_1.npy and
 * so on, which hold the tensors one after the other and are cut anywhere.
 *
 * @see https://github.com/openai/finetune-transformer-lm, the end of train.py
 */
import { CheckpointError } from '../base/errors.ts'
import { elementCount, formatShape, type Shape, sameShape } from '../base/shape.ts'
import { GPT, type GPTConfiguration, gptPublished } from '../models/2018-gpt.ts'
import { readText, type Storage } from '../storage/storage.ts'
import { gptTokenizer } from '../tokenizers/word-bpe.ts'
import { createModel, readJSON, requireFiles } from './architecture.ts'
import type { SavedModel } from './model-folder.ts'
import { readNpy } from './npy.ts'

export interface OpenAIGPTOptions {
  /** Attention heads, which the files do not tell: 12 in the published model. */
  readonly heads?: number
}

const shapesFile = 'params_shapes.json'
const encoderFile = 'encoder_bpe_40000.json'
const mergesFile = 'vocab_40000.bpe'
const layout = 'GPT in the layout of finetune-transformer-lm'

/** Whether a folder holds these weights. */
export const isOpenAIGPTFolder = (storage: Storage): Promise<boolean> => storage.exists(shapesFile)

/**
 * Such a folder as a model of ours, with the tokenizer that lies beside the weights.
 * @throws {CheckpointError} as `readOpenAIGPTWeights`, also where the tokenizer has more tokens than the model
 * @throws {DataError} if the files of the tokenizer do not belong together
 */
export async function readOpenAIGPT(storage: Storage, options: OpenAIGPTOptions = {}): Promise<SavedModel> {
  await requireFiles(storage, [encoderFile, mergesFile], layout)
  const read = await readOpenAIGPTWeights(storage, options)
  const tokenizer = gptTokenizer(await readJSON(storage, encoderFile), await readText(storage, mergesFile))
  const { vocabulary } = read.model
  if (tokenizer.vocabularySize === vocabulary) return { ...read, tokenizer }
  const expected = `${vocabulary} tokens, the words of ${shapesFile}`
  throw new CheckpointError({ what: storage.locate(encoderFile), expected, received: String(tokenizer.vocabularySize) })
}

/**
 * The model of such a folder and its weights by our dotted names.
 * @throws {CheckpointError} if a file is missing or damaged, or a shape is not that of a GPT
 */
export async function readOpenAIGPTWeights(
  storage: Storage,
  { heads = gptPublished.heads }: OpenAIGPTOptions = {},
): Promise<{ readonly model: GPT; readonly weights: ReadonlyMap<string, Float32Array> }> {
  await requireFiles(storage, [shapesFile, paramsFile(0)], layout)
  const location = storage.locate(shapesFile)
  const shapes = parseShapes(location, await readText(storage, shapesFile))
  const configuration = configurationOf(location, shapes, heads)
  const parts = partsOf(configuration)
  for (const [i, [name, shape]] of parts.entries()) {
    const stored = shapes[i]
    if (sameShape(stored, shape) || sameShape(stored, [1, ...shape])) continue // matrices are convolutions of width 1
    const what = `${location}, shape ${i} (${name}),`
    throw new CheckpointError({ what, expected: formatShape(shape), received: formatShape(stored) })
  }
  return { model: createModel(location, () => new GPT(configuration)), weights: await readTensors(storage, parts) }
}

const paramsFile = (number: number): string => `params_${number}.npy`

function parseShapes(location: string, text: string): Shape[] {
  const fail = (received: string): CheckpointError =>
    new CheckpointError({ what: location, expected: 'a list of shapes', received })
  let shapes: unknown
  try {
    shapes = JSON.parse(text)
  } catch {
    throw fail(text.slice(0, 40) || 'nothing')
  }
  const isShape = (value: unknown): value is Shape =>
    Array.isArray(value) && value.every(size => Number.isInteger(size) && size > 0)
  if (!Array.isArray(shapes) || !shapes.every(isShape)) throw fail(JSON.stringify(shapes).slice(0, 60))
  return shapes
}

/** Positions and words come first, then twelve tensors of each block. */
const tensorsOfBlock = 12

function configurationOf(location: string, shapes: readonly Shape[], heads: number): GPTConfiguration {
  const layers = (shapes.length - 2) / tensorsOfBlock
  const [positions, words] = shapes
  if (!Number.isInteger(layers) || layers < 1 || positions.length !== 2 || words.length !== 2) {
    const expected = `the shapes of positions and words, and of ${tensorsOfBlock} tensors for each block`
    throw new CheckpointError({ what: location, expected, received: `${shapes.length} shapes` })
  }
  return { vocabulary: words[0], context: positions[0], channels: words[1], layers, heads }
}

/** What the files hold, in their order, by our names. */
function partsOf({ vocabulary, context, channels, layers }: GPTConfiguration): [name: string, shape: Shape][] {
  const block: readonly [string, Shape][] = [
    ['attention.project.weight', [channels, 3 * channels]],
    ['attention.project.bias', [3 * channels]],
    ['attention.output.weight', [channels, channels]],
    ['attention.output.bias', [channels]],
    ['attentionNormalization.weight', [channels]],
    ['attentionNormalization.bias', [channels]],
    ['feedForward.expand.weight', [channels, 4 * channels]],
    ['feedForward.expand.bias', [4 * channels]],
    ['feedForward.contract.weight', [4 * channels, channels]],
    ['feedForward.contract.bias', [channels]],
    ['feedForwardNormalization.weight', [channels]],
    ['feedForwardNormalization.bias', [channels]],
  ]
  return [
    ['positionEmbedding.weight', [context, channels]],
    ['tokenEmbedding.weight', [vocabulary, channels]],
    ...Array.from({ length: layers }, (_, i) =>
      block.map(([name, shape]): [string, Shape] => [`blocks.${i}.${name}`, shape]),
    ).flat(),
  ]
}

/** Tensors, filled from one file after another. */
async function readTensors(
  storage: Storage,
  parts: readonly (readonly [name: string, shape: Shape])[],
): Promise<Map<string, Float32Array>> {
  const weights = new Map(parts.map(([name, shape]) => [name, new Float32Array(elementCount(shape))]))
  const targets = [...weights.values()]
  let [part, filled, numbers, files] = [0, 0, 0, 0]
  for (; await storage.exists(paramsFile(files)); files++) {
    const name = paramsFile(files)
    const { data } = readNpy({ name: storage.locate(name), bytes: await storage.read(name) })
    numbers += data.length
    for (let from = 0; from < data.length && part < targets.length; ) {
      const values = data.subarray(from, from + targets[part].length - filled)
      targets[part].set(values, filled)
      from += values.length
      filled += values.length
      if (filled === targets[part].length) [part, filled] = [part + 1, 0]
    }
  }
  const all = targets.reduce((sum, { length }) => sum + length, 0)
  if (numbers !== all) {
    const count = (value: number): string => value.toLocaleString('en-US')
    const what = `${storage.locate(paramsFile(0))} to ${paramsFile(files - 1)}`
    const received = `${count(numbers)} in ${files} ${files === 1 ? 'file' : 'files'}`
    const hint = numbers < all ? 'Is a file missing?' : undefined
    throw new CheckpointError({ what, expected: `${count(all)} numbers, by the shapes`, received, hint })
  }
  return weights
}
