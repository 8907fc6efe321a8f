/** What a trained BERT answers: which words fill the masks of a text, and which vector stands for a text. */
import { OptionError } from '../base/errors.ts'
import { requireBertParts, type SavedBERT } from '../checkpoints/bert.ts'
import { compile, host, type Program } from '../compiler/compile.ts'
import { type BertRow, bertMarkers, bertText } from '../data/bert-rows.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { meanOfTokens } from '../nn/pooling.ts'
import type { HostTensor, Runtime } from '../runtime/runtime.ts'
import { input, type Tensor } from '../tensor/tensor.ts'
import { bertTokens } from '../tokenizers/word-piece.ts'

export interface Filling {
  readonly id: number
  /** As the vocabulary has it: with ## where it goes on with the word before. */
  readonly token: string
  readonly probability: number
}

export interface FilledText {
  /** Tokens of the row, with [CLS] and [SEP]. */
  readonly ids: readonly number[]
  /** The likeliest fillings of each [MASK], in their order. */
  readonly masks: readonly (readonly Filling[])[]
}

export interface BertEncoder {
  /**
   * The likeliest fillings of each [MASK] of a text, in their order; each as if the others stayed masked.
   * @param top - fillings to name for each
   * @throws {OptionError} if the text has no mask, or more tokens than the model sees
   * @throws {CheckpointError} if the folder has no masked-word head
   */
  fill(text: string, options?: { readonly top?: number }): Promise<FilledText>

  /**
   * A vector for each text: the mean of the states of its tokens, [CLS] and [SEP] too; what the model does not see of a
   * long text is left out. Reimers and Gurevych, Sentence-BERT, 2019, section 3.
   */
  embed(texts: readonly string[]): Promise<Float32Array[]>
  release(): Promise<void>
}

/** Rows that are computed at once. */
const batchRows = 8
/** Lengths of rows are multiples of it: each is a graph of its own. */
const lengthStep = 16

export function bertEncoder(saved: SavedBERT, runtime: Runtime): BertEncoder {
  const { model, tokenizer } = saved
  const { context } = model
  const names = parameterNames(namedParameters(model))
  const weights = weightFeeds(model, saved.weights)
  const programs = new Map<string, Promise<Program>>()
  const markers = bertMarkers(tokenizer)

  /** What is computed of rows of a length. */
  const programOf = (kind: string, outputs: () => Record<string, Tensor>): Promise<Program> => {
    const program = programs.get(kind) ?? compile(runtime, outputs(), { parameterNames: names })
    programs.set(kind, program)
    return program
  }
  const inputsOf = (rows: number, length: number) => ({
    ids: input('ids', [rows, length], 'int64'),
    segments: input('segments', [rows, length], 'int64'),
    lengths: input('lengths', [rows], 'int64'),
  })

  return {
    async fill(text, { top = 5 } = {}) {
      requireBertParts(saved, ['maskHead'], 'Filling in words')
      const row = bertText(tokenizer, tokenizer.encode(text, { special: true }))
      if (row.ids.length > context) {
        const received = `${row.ids.length} tokens, with [CLS] and [SEP]`
        throw new OptionError({ what: 'TEXT', expected: `at most ${context} tokens`, received, hint: 'Shorten it.' })
      }
      const places = [...row.ids.keys()].filter(place => row.ids[place] === markers.mask)
      if (places.length === 0) {
        const hint = `For example: "The ${bertTokens.mask} sat on the mat"`
        const received = JSON.stringify(text)
        throw new OptionError({ what: 'TEXT', expected: `a text with ${bertTokens.mask}`, received, hint })
      }
      const length = paddedLength(row.ids.length, context)
      const program = await programOf(`fill ${length} ${places.length}`, () => {
        const { states } = model.encode(inputsOf(1, length))
        const logits = model.maskLogits(states, input('positions', [places.length], 'int64'))
        return { probabilities: logits.softmax() }
      })
      const positions = host('int64', [places.length], BigInt64Array.from(places, BigInt))
      const result = await program.run({ ...weights, ...feedsOf([row], 1, length), positions })
      const probabilities = (result.probabilities as HostTensor).data as Float32Array
      const { vocabulary } = model
      const masks = places.map((_, i) => {
        const own = probabilities.subarray(i * vocabulary, i * vocabulary + tokenizer.vocabularySize)
        return likeliest(own, top).map(id => ({ id, token: tokenizer.token(id), probability: own[id] }))
      })
      return { ids: [...row.ids], masks }
    },

    async embed(texts) {
      const rows = texts.map(text => {
        const ids = tokenizer.encode(text)
        return bertText(tokenizer, ids.subarray(0, context - 2))
      })
      const vectors: Float32Array[] = Array.from({ length: texts.length })
      const order = [...rows.keys()].sort((a, b) => rows[a].ids.length - rows[b].ids.length)
      for (let begin = 0; begin < order.length; begin += batchRows) {
        const indices = order.slice(begin, begin + batchRows)
        const count = texts.length === 1 ? 1 : batchRows
        const length = paddedLength(rows[indices.at(-1)!].ids.length, context)
        const program = await programOf(`embed ${count} ${length}`, () => {
          const inputs = inputsOf(count, length)
          return { means: meanOfTokens(model.encode(inputs).states, inputs.lengths) }
        })
        const feeds = feedsOf(
          indices.map(index => rows[index]),
          count,
          length,
        )
        const { data, shape } = (await program.run({ ...weights, ...feeds })).means as HostTensor
        const width = shape[1]
        for (const [row, index] of indices.entries())
          vectors[index] = (data as Float32Array).slice(row * width, (row + 1) * width)
      }
      return vectors
    },

    release: async () => {
      for (const program of programs.values()) await (await program).release()
    },
  }
}

function feedsOf(rows: readonly BertRow[], count: number, length: number): Record<string, HostTensor> {
  const ids = new BigInt64Array(count * length)
  const segments = new BigInt64Array(count * length)
  const lengths = new BigInt64Array(count).fill(1n)
  for (const [i, row] of rows.entries()) {
    for (let place = 0; place < row.ids.length; place++) {
      ids[i * length + place] = BigInt(row.ids[place])
      segments[i * length + place] = BigInt(row.segments[place])
    }
    lengths[i] = BigInt(row.ids.length)
  }
  return {
    ids: host('int64', [count, length], ids),
    segments: host('int64', [count, length], segments),
    lengths: host('int64', [count], lengths),
  }
}

const paddedLength = (tokens: number, context: number): number =>
  Math.min(context, Math.ceil(tokens / lengthStep) * lengthStep)

function likeliest(probabilities: Float32Array, top: number): number[] {
  return [...probabilities.keys()].sort((a, b) => probabilities[b] - probabilities[a]).slice(0, top)
}
