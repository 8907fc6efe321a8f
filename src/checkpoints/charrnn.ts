/**
 * Reads the pretrained character models of ml5.js (charRNN, trained with TensorFlow 1): a file of little-endian float32
 * for each tensor, manifest.json with their shapes, vocab.json with the ids of characters.
 *
 * @see https://github.com/ml5js/ml5-data-and-models, models/charRNN
 */
import { CheckpointError } from '../base/errors.ts'
import { elementCount, formatShape, type Shape } from '../base/shape.ts'
import { LSTM } from '../models/1997-lstm.ts'
import { CharacterTokenizer } from '../tokenizers/characters.ts'
import type { SavedModel } from './model-folder.ts'

/** Steps through which these models were trained. */
const context = 50

/** `BasicLSTMCell` adds this to the forget gate's bias when it runs. */
const forgetBias = 1

/** Of our blocks i, f, o, g: which block of i, j, f, o it is there. */
const theirBlocks = [0, 2, 3, 1] as const

interface Manifest {
  readonly [tensor: string]: { readonly filename: string; readonly shape: Shape } | undefined
}

/** Files by name, wherever they lie; a storage is that. */
export interface ModelFiles {
  locate(name: string): string
  read(name: string): Promise<Uint8Array>
}

/**
 * Reads a folder of ml5's charRNN as one of ours.
 * @throws {CheckpointError} if a file is missing or damaged, or a tensor has another shape than the others ask for
 */
export async function readCharRNN(files: ModelFiles): Promise<SavedModel> {
  const manifest = (await readJSON(files, 'manifest.json')) as Manifest
  const tokenizer = new CharacterTokenizer({ characters: characters(files, await readJSON(files, 'vocab.json')) })
  const vocabulary = tokenizer.vocabularySize
  const read = async (name: string, shape: Shape): Promise<Float32Array> => {
    const entry = manifest[name]
    const what = `${files.locate('manifest.json')}, "${name}",`
    if (entry === undefined) throw new CheckpointError({ what, expected: 'a tensor', received: 'none' })
    if (entry.shape.join() !== shape.join())
      throw new CheckpointError({ what, expected: formatShape(shape), received: formatShape(entry.shape) })
    return readFloats(files, entry.filename, elementCount(shape))
  }

  const embeddingSize = sizeOf(files, manifest, 'embedding', 1)
  const hiddenSize = sizeOf(files, manifest, 'rnnlm/softmax_w', 0)
  const layers = Object.keys(manifest).filter(name => name.endsWith('basic_lstm_cell/weights')).length
  const weights = new Map([['embedding.weight', await read('embedding', [vocabulary, embeddingSize])]])
  for (let layer = 0; layer < layers; layer++) {
    const inputs = layer === 0 ? embeddingSize : hiddenSize
    const cell = `rnnlm/multi_rnn_cell/cell_${layer}/basic_lstm_cell`
    // The columns of a row are the blocks; rows are the inputs of the cell, then its state.
    const kernel = reorderRows(await read(`${cell}/weights`, [inputs + hiddenSize, 4 * hiddenSize]), hiddenSize)
    const bias = reorderRows(await read(`${cell}/biases`, [4 * hiddenSize]), hiddenSize)
    for (let unit = hiddenSize; unit < 2 * hiddenSize; unit++) bias[unit] += forgetBias
    weights.set(`layers.${layer}.input`, kernel.slice(0, inputs * 4 * hiddenSize))
    weights.set(`layers.${layer}.recurrent`, kernel.slice(inputs * 4 * hiddenSize))
    weights.set(`layers.${layer}.bias`, bias)
  }
  weights.set('output.weight', await read('rnnlm/softmax_w', [hiddenSize, vocabulary]))
  weights.set('output.bias', await read('rnnlm/softmax_b', [vocabulary]))
  return { model: new LSTM({ vocabulary, context, embeddingSize, hiddenSize, layers }), weights, tokenizer }
}

/** Rows of four blocks of H in our order of gates. */
function reorderRows(data: Float32Array, units: number): Float32Array {
  const result = new Float32Array(data.length)
  for (let row = 0; row < data.length; row += 4 * units) {
    for (const [i, block] of theirBlocks.entries())
      result.set(data.subarray(row + block * units, row + (block + 1) * units), row + i * units)
  }
  return result
}

/**
 * Ids by character. The files were written by a program that took "u" for Python's mark of a text: what should be "u" is
 * two spaces, what should be "U" is nothing.
 */
function characters(files: ModelFiles, vocabulary: Readonly<Record<string, unknown>>): Map<string, number> {
  const repaired: Readonly<Record<string, string>> = { '  ': 'u', '': 'U' }
  const ids = new Map<string, number>()
  for (const [key, id] of Object.entries(vocabulary)) {
    const character = key in repaired && !(repaired[key] in vocabulary) ? repaired[key] : key
    const what = `${files.locate('vocab.json')}, ${JSON.stringify(key)},`
    if (character !== String.fromCodePoint(character.codePointAt(0) ?? 0))
      throw new CheckpointError({ what, expected: 'a single character', received: `${character.length} of them` })
    if (!(typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < Object.keys(vocabulary).length))
      throw new CheckpointError({ what, expected: 'an id below the number of characters', received: String(id) })
    ids.set(character, id)
  }
  if (new Set(ids.values()).size !== ids.size)
    throw new CheckpointError({ what: files.locate('vocab.json'), expected: 'ids that differ', received: 'equal ones' })
  return ids
}

function sizeOf(files: ModelFiles, manifest: Manifest, name: string, axis: number): number {
  const size = manifest[name]?.shape?.[axis]
  if (typeof size === 'number' && Number.isInteger(size) && size > 0) return size
  const what = `${files.locate('manifest.json')}, "${name}",`
  throw new CheckpointError({ what, expected: 'a matrix', received: JSON.stringify(manifest[name]?.shape ?? 'none') })
}

async function readFloats(files: ModelFiles, name: string, count: number): Promise<Float32Array> {
  const bytes = await files.read(name)
  if (bytes.length !== 4 * count) {
    const what = files.locate(name)
    throw new CheckpointError({ what, expected: `${4 * count} bytes`, received: String(bytes.length) })
  }
  return new Float32Array(bytes.slice().buffer)
}

async function readJSON(files: ModelFiles, name: string): Promise<Readonly<Record<string, unknown>>> {
  const text = new TextDecoder().decode(await files.read(name))
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // falls through to the error
  }
  const what = files.locate(name)
  throw new CheckpointError({ what, expected: 'a JSON object', received: text.slice(0, 40) || 'nothing' })
}
