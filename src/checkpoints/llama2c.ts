/**
 * Reads the models of llama2.c: a checkpoint (version 0: seven sizes, then little-endian float32 numbers) and its
 * tokenizer, pieces with scores as SentencePiece trained them.
 *
 * @see https://github.com/karpathy/llama2.c, export.py and tokenizer.py
 */
import { CheckpointError } from '../base/errors.ts'
import { elementCount, type Shape } from '../base/shape.ts'
import { Llama, type LlamaConfiguration } from '../models/2023-llama.ts'
import { byteOf, SentencePieceBPE } from '../tokenizers/sentencepiece-bpe.ts'
import { type JSONObject, specialToken } from '../tokenizers/tokenizer-json.ts'
import { createModel } from './architecture.ts'
import { llama } from './llama.ts'
import type { SavedModel } from './model-folder.ts'

/** The bytes of a file, and what it is called in errors. */
export interface NamedBytes {
  readonly name: string
  readonly bytes: Uint8Array
}

/** Of version 1 and later, which begin with it: "ak42". */
const laterMagic = 0x616b3432
const headerBytes = 28
/** What llama2.c adds to a mean square. */
const epsilon = 1e-5

/**
 * A checkpoint and its tokenizer as a model of ours.
 * @throws {CheckpointError} if a file is of another kind or length, or its sizes do not fit
 */
export async function readLlama2c(checkpoint: NamedBytes, tokenizerFile: NamedBytes): Promise<SavedModel> {
  const { configuration, numbers } = readHeader(checkpoint)
  const model = createModel(checkpoint.name, () => new Llama(configuration))
  const tensors = tensorsOf(configuration, numbers)
  const weights = await llama.load(model, async name => tensors.get(name)!)
  return { model, weights, tokenizer: readLlama2cTokenizer(tokenizerFile, configuration.vocabulary) }
}

function readHeader({ name, bytes }: NamedBytes): { configuration: LlamaConfiguration; numbers: Float32Array } {
  const fail = (expected: string, received: string, hint?: string): CheckpointError =>
    new CheckpointError({ what: name, expected, received, hint })
  if (bytes.length < headerBytes) throw fail(`a llama2.c checkpoint, at least ${headerBytes} bytes`, `${bytes.length}`)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (view.getUint32(0, true) === laterMagic) {
    const hint = 'llama2.c exports it with --version 0.'
    throw fail('version 0 of the format', `version ${view.getInt32(4, true)}`, hint)
  }
  const header = Array.from({ length: 7 }, (_, i) => view.getInt32(4 * i, true))
  const [channels, hidden, layers, heads, keyValueHeads, signedVocabulary, context] = header
  // A negative vocabulary says that the logits have a matrix of their own.
  const vocabulary = Math.abs(signedVocabulary)
  const sizes = [channels, hidden, layers, heads, keyValueHeads, vocabulary, context]
  if (sizes.some(size => size <= 0 || size > 2 ** 24)) {
    const hint = 'Is it a llama2.c checkpoint of version 0?'
    throw fail('seven sizes above 0: channels, hidden, layers, heads, ...', header.join(', '), hint)
  }
  const own = { vocabulary, context, channels, layers, heads, keyValueHeads, hidden }
  const configuration = { ...own, rotaryBase: 10_000, epsilon, tied: signedVocabulary > 0 }
  if (channels % heads !== 0 || heads % keyValueHeads !== 0)
    throw fail('channels that heads share, heads that key-value heads share', `${channels}, ${heads}, ${keyValueHeads}`)
  const count = partsOf(configuration).reduce((sum, { shape }) => sum + elementCount(shape), 0)
  const length = headerBytes + 4 * count
  if (bytes.length !== length) {
    const hint = bytes.length < length ? 'Was it cut short?' : undefined
    throw fail(`${length.toLocaleString('en-US')} bytes, by its sizes`, bytes.length.toLocaleString('en-US'), hint)
  }
  // Copied by its own elements: slice of a Node Buffer is a view of a larger one.
  return { configuration, numbers: new Float32Array(Uint8Array.from(bytes.subarray(headerBytes)).buffer) }
}

interface Part {
  /** In transformers, with the number of the layer in the place of `*`; undefined for what is not kept. */
  readonly name: string | undefined
  /** All layers of it, one after the other. */
  readonly shape: Shape
  /** Whether its rows are turned in neighbouring pairs. */
  readonly interleaved?: boolean
}

/** What the file holds, in its order. */
function partsOf(configuration: LlamaConfiguration): Part[] {
  const { vocabulary, context, channels, layers, heads, keyValueHeads, hidden, tied } = configuration
  const shared = (channels / heads) * keyValueHeads
  const half = channels / heads / 2
  return [
    { name: 'model.embed_tokens', shape: [vocabulary, channels] },
    { name: 'model.layers.*.input_layernorm', shape: [layers, channels] },
    { name: 'model.layers.*.self_attn.q_proj', shape: [layers, channels, channels], interleaved: true },
    { name: 'model.layers.*.self_attn.k_proj', shape: [layers, shared, channels], interleaved: true },
    { name: 'model.layers.*.self_attn.v_proj', shape: [layers, shared, channels] },
    { name: 'model.layers.*.self_attn.o_proj', shape: [layers, channels, channels] },
    { name: 'model.layers.*.post_attention_layernorm', shape: [layers, channels] },
    { name: 'model.layers.*.mlp.gate_proj', shape: [layers, hidden, channels] },
    { name: 'model.layers.*.mlp.down_proj', shape: [layers, channels, hidden] },
    { name: 'model.layers.*.mlp.up_proj', shape: [layers, hidden, channels] },
    { name: 'model.norm', shape: [channels] },
    { name: undefined, shape: [2, context, half] }, // cosines and sines of the rotation
    ...(tied ? [] : [{ name: 'lm_head', shape: [vocabulary, channels] }]),
  ]
}

/** By their names in transformers. */
function tensorsOf(configuration: LlamaConfiguration, numbers: Float32Array): Map<string, Float32Array> {
  const { layers, channels, heads } = configuration
  const tensors = new Map<string, Float32Array>()
  let start = 0
  for (const { name, shape, interleaved } of partsOf(configuration)) {
    const all = numbers.subarray(start, start + elementCount(shape))
    start += all.length
    if (name === undefined) continue
    const count = name.includes('*') ? layers : 1
    for (let i = 0; i < count; i++) {
      const size = all.length / count
      const values = all.slice(i * size, (i + 1) * size)
      tensors.set(
        `${name.replace('*', `${i}`)}.weight`,
        interleaved ? asHalves(values, channels, channels / heads) : values,
      )
    }
  }
  return tensors
}

/** Rows (2 i, 2 i + 1) of each head, which llama2.c turns together, become rows (i, i + D / 2). */
function asHalves(matrix: Float32Array, columns: number, headChannels: number): Float32Array {
  const result = new Float32Array(matrix.length)
  const half = headChannels / 2
  for (let row = 0; row < matrix.length / columns; row++) {
    const inHead = row % headChannels
    const target = row - inHead + (inHead % 2) * half + Math.floor(inHead / 2)
    result.set(matrix.subarray(row * columns, (row + 1) * columns), target * columns)
  }
  return result
}

/**
 * The tokenizer of llama2.c: its longest piece, then for each piece its score, length and bytes.
 * @param vocabulary - how many pieces it must have
 * @throws {CheckpointError} if the file is cut short, too long, or no such file
 */
export function readLlama2cTokenizer({ name, bytes }: NamedBytes, vocabulary: number): SentencePieceBPE {
  const fail = (expected: string, received: string): CheckpointError =>
    new CheckpointError({ what: name, expected, received, hint: 'Does the tokenizer belong to this model?' })
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const longest = bytes.length < 4 ? 0 : view.getInt32(0, true)
  if (longest < 1 || longest > 4096) throw fail('the length of the longest piece, 1 to 4,096', `${longest}`)
  const read: { readonly piece: string; readonly score: number }[] = []
  let at = 4
  while (at < bytes.length) {
    const length = at + 8 <= bytes.length ? view.getInt32(at + 4, true) : -1
    if (length < 0 || length > longest || at + 8 + length > bytes.length)
      throw fail(
        `piece ${read.length} with its score and at most ${longest} bytes`,
        length < 0 ? 'the end' : `${length}`,
      )
    const text = new TextDecoder().decode(bytes.subarray(at + 8, at + 8 + length))
    read.push({ piece: pieceOf(text, read.length), score: view.getFloat32(at, true) })
    at += 8 + length
  }
  if (read.length !== vocabulary) throw fail(`${vocabulary} pieces, as the model has`, `${read.length}`)
  const pieces = new Map(read.map(({ piece }, id) => [piece, id]))
  if (pieces.size !== read.length) throw fail('pieces that differ', `${read.length - pieces.size} twice`)
  return new SentencePieceBPE({
    pieces,
    merges: mergesByScore(read, pieces),
    spaces: { prefix: 'always', doubled: true, split: false },
    strips: true,
    unknown: controls[0],
    addedTokens: controls.map(specialToken),
    json: { post_processor: beginning },
  })
}

const controls = ['<unk>', '<s>', '</s>'] as const

/** As Llama's own tokenizer.json says that a text begins with <s>. */
const beginning: JSONObject = {
  type: 'TemplateProcessing',
  single: [{ SpecialToken: { id: '<s>', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
  pair: [
    { SpecialToken: { id: '<s>', type_id: 0 } },
    { Sequence: { id: 'A', type_id: 0 } },
    { SpecialToken: { id: '<s>', type_id: 1 } },
    { Sequence: { id: 'B', type_id: 1 } },
  ],
  special_tokens: { '<s>': { id: '<s>', ids: [1], tokens: ['<s>'] } },
}

/** llama2.c writes spaces for "▁", and the control pieces with line breaks around. */
const pieceOf = (text: string, id: number): string => controls[id] ?? text.replaceAll(' ', '▁')

/** SentencePiece merges the two pieces whose union has the highest score: each way to make a piece, by its score. */
function mergesByScore(
  read: readonly { readonly piece: string; readonly score: number }[],
  pieces: ReadonlyMap<string, number>,
): Int32Array {
  const plain = (id: number | undefined): id is number =>
    id !== undefined && id >= controls.length && byteOf(read[id].piece) === undefined
  const merges = read.flatMap(({ piece, score }, merged) => {
    const characters = plain(merged) ? Array.from(piece) : []
    return characters.slice(1).flatMap((_, i) => {
      const [left, right] = [characters.slice(0, i + 1), characters.slice(i + 1)].map(part => pieces.get(part.join('')))
      return plain(left) && plain(right) ? [{ ids: [left, right, merged], score }] : []
    })
  })
  const ordered = merges.sort(({ ids: a, score: x }, { ids: b, score: y }) => y - x || a[0] - b[0] || a[1] - b[1])
  return Int32Array.from(ordered.flatMap(({ ids }) => ids))
}
