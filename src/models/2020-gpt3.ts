/**
 * GPT-3: "the same model and architecture as GPT-2 [...] with the exception that we use alternating dense and locally banded
 * sparse attention patterns in the layers of the transformer, similar to the Sparse Transformer".
 * Brown et al., Language Models are Few-Shot Learners, 2020, section 2.1; Child et al., Generating Long Sequences with Sparse
 * Transformers, 2019.
 */
import { OptionError } from '../base/errors.ts'
import { GPT2, type GPT2Configuration } from './2019-gpt2.ts'

export interface GPT3Configuration extends GPT2Configuration {
  /** Tokens that every second layer sees, from the second on: the query's own and those right before it. */
  readonly band: number
}

/**
 * Table 2.1 of the paper, whose numbers of parameters are rounded. It gives XL 24 heads of 128 channels and 13B 5,140
 * channels, which their heads could not share as in every other row. Here XL has the 16 heads of 128 that its number of
 * parameters asks for, and 13B has 5,120 channels.
 */
export const gpt3Sizes = {
  'gpt3-small': { published: '125M', parameters: 125_198_592, layers: 12, heads: 12, channels: 768 },
  'gpt3-medium': { published: '350M', parameters: 355_798_016, layers: 24, heads: 16, channels: 1024 },
  'gpt3-large': { published: '760M', parameters: 760_189_440, layers: 24, heads: 16, channels: 1536 },
  'gpt3-xl': { published: '1.3B', parameters: 1_315_575_808, layers: 24, heads: 16, channels: 2048 },
  'gpt3-2.7b': { published: '2.7B', parameters: 2_651_307_520, layers: 32, heads: 32, channels: 2560 },
  'gpt3-6.7b': { published: '6.7B', parameters: 6_658_011_136, layers: 32, heads: 32, channels: 4096 },
  'gpt3-13b': { published: '13.0B', parameters: 12_852_771_840, layers: 40, heads: 40, channels: 5120 },
  'gpt3-175b': { published: '175.0B', parameters: 174_600_720_384, layers: 96, heads: 96, channels: 12_288 },
} as const

/** What all published sizes share. The paper does not tell how wide the band is: 256 is GPT-Neo's. */
export const gpt3Published = { vocabulary: 50_257, context: 2048, bias: true, band: 256 } as const

/** The same part of a shorter context. */
export const gpt3Band = (context: number): number =>
  Math.max(1, Math.round((context * gpt3Published.band) / gpt3Published.context))

export class GPT3 extends GPT2 {
  readonly #configuration: GPT3Configuration

  /**
   * Queries, keys and values have no bias, as in GPT-Neo, the open model of this kind, whose folder a GPT-3 is written as.
   * @throws {OptionError} if the channels cannot be shared evenly among the heads, or there is no band
   */
  constructor(configuration: GPT3Configuration) {
    super(configuration, false)
    const { band } = configuration
    if (!(Number.isInteger(band) && band > 0))
      throw new OptionError({ what: 'band', expected: 'a whole number of tokens above 0', received: String(band) })
    this.#configuration = configuration
  }

  override get configuration(): GPT3Configuration {
    return this.#configuration
  }

  protected override bandOf(layer: number): number | undefined {
    return layer % 2 === 1 ? this.#configuration.band : undefined
  }
}

/** Our names on the left, transformers' (`GPTNeoForCausalLM`) on the right; those of a list lie side by side in ours. */
export const gpt3TensorNames: readonly (readonly [string, readonly string[]])[] = [
  ['tokenEmbedding', ['transformer.wte']],
  ['positionEmbedding', ['transformer.wpe']],
  ['blocks', ['transformer.h']],
  ['attentionNormalization', ['ln_1']],
  ['attention.project', ['attn.attention.q_proj', 'attn.attention.k_proj', 'attn.attention.v_proj']],
  ['attention.output', ['attn.attention.out_proj']],
  ['feedForwardNormalization', ['ln_2']],
  ['feedForward.expand', ['mlp.c_fc']],
  ['feedForward.contract', ['mlp.c_proj']],
  ['finalNormalization', ['transformer.ln_f']],
]
