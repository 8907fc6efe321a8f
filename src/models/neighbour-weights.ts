/**
 * First weights of a BERT or GPT, whose positions are learned, that sees neighbours before it has learned anything. From
 * random ones a small BERT only learns what is frequent for many millions of tokens, until it finds where the words beside a gap
 * stand; these begin with heads that attend to the tokens right before and right after, as trained models have them: Clark et
 * al., What Does BERT Look At?, 2019, section 3.1; first weights that lie near what training leads to: Trockman and Kolter,
 * Mimetic Initialization of Self-Attention Layers, 2023.
 *
 * Channels of a first state: content, and waves that tell where a token stands.
 */
import { transformerDeviation } from '../nn/initializers.ts'
import { initialWeights, namedParameters } from '../nn/parameters.ts'
import { BERT } from './2018-bert.ts'
import { GPT } from './2018-gpt.ts'
import type { GPT2 } from './2019-gpt2.ts'

/** How far from a token stands what the heads of the first layer attend to, by turns: on both sides, or before it. */
const [beside, before] = [
  [-1, 1, -2, 2],
  [-1, -2, -3, -4],
] as const
/** Of the waves, in radians per token: none so slow that neighbours look alike, none so fast that the next but one does. */
const [slowest, fastest] = [0.3, 2.6]
/** Score of what a head attends to; that of others is near 0. */
const attendedScore = 8
/** What is left of random weights: of what would be in the way of the waves in the embeddings, and of their heads' queries and keys. */
const [embeddingNoise, headNoise] = [0.1, 0.3]
/** By how much what the heads of the first layer copy is larger, each time that it is multiplied. */
const copyGain = 1.5

/** @returns by dotted names */
export function neighbourWeights(model: BERT | GPT | GPT2, seed: number): Map<string, Float32Array> {
  const weights = initialWeights(namedParameters(model), seed)
  const { channels, context, heads } = model.configuration
  const offsets = model instanceof BERT ? beside : before
  const headSize = channels / heads
  const waves = Math.floor(Math.min(headSize, channels / 4) / 2)
  const [cosines, sines] = [channels - 2 * waves, channels - waves]
  const frequencies = Array.from({ length: waves }, (_, i) => slowest + ((fastest - slowest) * (i + 0.5)) / waves)
  const scale = (name: string, by: (index: number) => number): Float32Array => {
    const values = weights.get(name)!
    for (const i of values.keys()) values[i] *= by(i)
    return values
  }

  // Tokens leave the channels of the waves nearly free, and places those of the content
  for (const name of ['tokenEmbedding.weight', 'segmentEmbedding.weight'])
    if (weights.has(name)) scale(name, i => (i % channels < cosines ? 1 : embeddingNoise))
  const places = scale('positionEmbedding.weight', () => embeddingNoise)
  const amplitude = Math.SQRT2 * transformerDeviation(channels)
  for (let t = 0; t < context; t++)
    for (const [i, frequency] of frequencies.entries()) {
      places[t * channels + cosines + i] = amplitude * Math.cos(frequency * t)
      places[t * channels + sines + i] = amplitude * Math.sin(frequency * t)
    }

  // Queries read the waves as they are; keys turn them, so that what stands at t + offset looks as if it stood at t
  const width = 3 * channels
  const project = scale('blocks.0.attention.project.weight', i => (i % width < 2 * channels ? headNoise : copyGain))
  // The first layer of the GPT of 2018 reads the embeddings as they are, those of the others are normalized
  const length = model instanceof GPT ? transformerDeviation(channels) : 1
  const gain = Math.sqrt((attendedScore * Math.sqrt(headSize)) / (2 * waves)) / length
  const add = (row: number, column: number, value: number): void => {
    project[row * width + column] += gain * value
  }
  for (let head = 0; head < heads; head++) {
    const [query, key] = [head * headSize, channels + head * headSize]
    for (const [i, frequency] of frequencies.entries()) {
      const angle = frequency * offsets[head % offsets.length]
      const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
      add(cosines + i, query + i, 1)
      add(sines + i, query + waves + i, 1)
      add(cosines + i, key + i, cosine)
      add(sines + i, key + i, sine)
      add(cosines + i, key + waves + i, -sine)
      add(sines + i, key + waves + i, cosine)
    }
  }
  scale('blocks.0.attention.output.weight', () => copyGain)
  return weights
}
