/**
 * First weights of a Llama that looks things up before it has learned anything. From random ones a small model needs many
 * millions of tokens until it finds in its text what belongs to what; these begin with the two steps that such models are
 * known to learn: heads of the first layer tell each token what stood before it, heads of the later ones attend where the
 * same stood before, and copy. Olsson et al., In-context Learning and Induction Heads, 2022; first weights that lie near
 * what training leads to: Trockman and Kolter, Mimetic Initialization of Self-Attention Layers, 2023.
 *
 * Channels of a state: content, three groups for what stood one, two and three tokens before, and a constant.
 */
import { OptionError } from '../base/errors.ts'
import { Random } from '../base/random.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { rotaryFrequencies } from '../nn/positions.ts'
import { headSizeOf, type Llama, type LlamaConfiguration } from './2023-llama.ts'

/** How far the heads of the first layer look back; each writes into a group of its own. */
const offsets = [1, 2, 3] as const
/** Channels of a group. */
const groupSize = 18
/** Deviation of the embeddings' content. */
const deviation = 0.087
/** The constant's share: its square over that of the content. */
const constantShare = 0.49
/** Frequencies of the rotation, in radians per token, that tell near places apart; and those that hardly turn. */
const [telling, still] = [0.07, 0.018]
/** Of queries and keys: of the heads that look back, and of those that look for the same. */
const [lookBackGain, matchGain] = [6, 1.2]
/** Of what is copied. */
const copyGain = 2
/** What is left of the random weights of the first layer's heads, and of the later ones'. */
const [firstNoise, laterNoise] = [0.1, 0.3]

type Source = 'content' | number

/** Heads of the later layers: what their queries and keys read, and what they copy. Groups by their number. */
const lookUps: readonly {
  /** In the first of the later layers, the second, and so on; then from the beginning. */
  readonly queries: readonly number[]
  readonly keys: readonly Source[]
  readonly values: readonly Source[]
}[] = [
  { queries: [0], keys: [0, 1, 2], values: ['content'] }, // after the same: what stands there
  { queries: [0], keys: ['content'], values: [0, 1] }, // at the same: what stood before it
  { queries: [2, 1], keys: ['content'], values: [1, 2] }, // the same, of what a longer question names
]

/**
 * @returns by dotted names
 * @throws {OptionError} if the model has less than three heads, heads that share keys, or no room for what they tell
 */
export function lookUpWeights(model: Llama, seed: number): Map<string, Float32Array> {
  const { configuration } = model
  checkRoom(configuration)
  const { channels, layers, heads, rotaryBase, rotaryScaling } = configuration
  const weights = initialWeights(namedParameters(model), seed)
  const random = new Random(seed, 'look-up weights')
  const [constant, content] = [channels - 1, channels - 1 - offsets.length * groupSize]
  const groupAt = (group: number): number => content + group * groupSize
  const headSize = headSizeOf(configuration)
  const pairs = headSize / 2
  const frequencies = rotaryFrequencies(headSize, rotaryBase, rotaryScaling)
  const stillPlaces = [...frequencies.keys()]
    .filter(pair => frequencies[pair] <= still)
    .flatMap(pair => [pair, pair + pairs])
  const projection = orthonormalRows(groupSize, content, random)

  const constantValue = deviation * Math.sqrt(content * constantShare)
  embed(weights.get('embedding.weight')!, { channels, content, constantValue, random })
  /** What normalization makes of the constant. */
  const normalized = constantValue * Math.sqrt(channels / (content * deviation ** 2 + constantValue ** 2))

  for (let layer = 0; layer < layers; layer++) {
    const matrix = (name: string) => weights.get(`blocks.${layer}.attention.${name}.weight`)!
    const add = (name: string, row: number, column: number, value: number): void => {
      matrix(name)[row * (name === 'output' ? channels : heads * headSize) + column] += value
    }
    for (const name of ['query', 'key', 'value', 'output'])
      for (const i of matrix(name).keys()) matrix(name)[i] *= layer === 0 ? firstNoise : laterNoise
    /** Adds the rows that read a source into places of a head; content is read through the projection. */
    const read = (name: string, source: Source, gain: number, place: (index: number) => number): void => {
      for (let i = 0; i < groupSize; i++) {
        if (place(i) < 0) continue
        if (source !== 'content') add(name, groupAt(source) + i, place(i), gain)
        else for (let c = 0; c < content; c++) add(name, c, place(i), gain * projection[i][c])
      }
    }
    for (const [head, offset] of layer === 0 ? offsets.entries() : []) {
      const begin = head * headSize
      for (const [pair, frequency] of frequencies.entries()) {
        if (frequency < telling) continue
        const gain = lookBackGain / normalized
        add('query', constant, begin + pair, gain)
        add('key', constant, begin + pair, gain * Math.cos(offset * frequency))
        add('key', constant, begin + pairs + pair, gain * Math.sin(offset * frequency))
      }
      read('value', 'content', 1, i => begin + i)
      for (let i = 0; i < groupSize; i++) add('output', begin + i, groupAt(head) + i, deviation)
    }
    for (const [head, { queries, keys, values }] of layer === 0 ? [] : lookUps.entries()) {
      const begin = head * headSize
      const place = (i: number) => (i < stillPlaces.length ? begin + stillPlaces[i] : -1)
      read('query', queries[(layer - 1) % queries.length], matchGain, place)
      for (const source of keys) read('key', source, matchGain, place)
      if (values[0] === 'content') {
        for (let i = 0; i < Math.min(headSize, content); i++) {
          add('value', i, begin + i, 1)
          add('output', begin + i, i, deviation * copyGain)
        }
        continue
      }
      for (const source of values) read('value', source, 1, i => begin + i)
      for (let i = 0; i < groupSize; i++)
        for (let c = 0; c < content; c++) add('output', begin + i, c, deviation * copyGain * projection[i][c])
    }
  }
  return weights
}

function checkRoom(configuration: LlamaConfiguration): void {
  const { channels, heads, keyValueHeads } = configuration
  if (keyValueHeads !== heads) {
    const [what, expected] = ['A model that looks up', 'keys and values of its own for each head']
    const hint = `Give it ${heads} key-value heads.`
    throw new OptionError({ what, expected, received: `${keyValueHeads} for ${heads} heads`, hint })
  }
  const headSize = headSizeOf(configuration)
  const least = offsets.length * groupSize + 1 + groupSize
  if (heads >= offsets.length && headSize >= groupSize && channels >= least) return
  const expected = `at least ${offsets.length} heads of ${groupSize} channels and ${least} channels in all`
  throw new OptionError({
    what: 'A model that looks up',
    expected,
    received: `${heads} heads of ${headSize} channels, ${channels} channels`,
  })
}

/** Content at random, a constant, and nearly nothing in the groups. */
function embed(
  embedding: Float32Array,
  {
    channels,
    content,
    constantValue,
    random,
  }: { channels: number; content: number; constantValue: number; random: Random },
): void {
  for (let i = 0; i < embedding.length; i++) {
    const channel = i % channels
    if (channel === channels - 1) embedding[i] = constantValue
    else embedding[i] = random.normal() * deviation * (channel < content ? 1 : 0.1)
  }
}

/** Rows of length 1 at right angles, otherwise random (Gram and Schmidt). */
function orthonormalRows(count: number, size: number, random: Random): number[][] {
  const rows: number[][] = []
  while (rows.length < count) {
    let row = Array.from({ length: size }, () => random.normal())
    for (const other of rows) {
      const along = dot(row, other)
      row = row.map((value, i) => value - along * other[i])
    }
    const length = Math.sqrt(dot(row, row))
    rows.push(row.map(value => value / length))
  }
  return rows
}

const dot = (a: readonly number[], b: readonly number[]): number => a.reduce((sum, value, i) => sum + value * b[i], 0)
