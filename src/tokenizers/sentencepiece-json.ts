import { TokenizerError } from '../base/errors.ts'
import { mergeTriples } from './merging.ts'
import { SentencePieceBPE, type SpaceRule } from './sentencepiece-bpe.ts'
import {
  addedTokens,
  describe,
  type JSONObject,
  type JSONValue,
  jsonObject,
  vocabularyEntries,
} from './tokenizer-json.ts'

/**
 * The tokenizer of a tokenizer.json whose BPE falls back to bytes, as those of Llama and Mistral do.
 * @throws {DataError} if it is malformed
 * @throws {TokenizerError} if it asks for something that Nacre does not do
 */
export function readSentencePiece(root: JSONObject, model: JSONObject, endOfText?: string): SentencePieceBPE {
  for (const field of ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix', 'ignore_merges']) {
    const value = model[field]
    const isUnused = value === undefined || value === null || value === '' || value === false || value === 0
    if (!isUnused) throw unsupported(`model.${field}`, 'null', value)
  }
  const pieces = new Map(vocabularyEntries('tokenizer.json, model.vocab', model.vocab))
  return new SentencePieceBPE({
    pieces,
    merges: mergeTriples(pieces, model.merges),
    spaces: spaceRule(root),
    strips: stripsOf(root.decoder),
    unknown: typeof model.unk_token === 'string' ? model.unk_token : undefined,
    fuseUnknown: model.fuse_unk === true,
    addedTokens: addedTokens(root.added_tokens),
    endOfText,
    json: {
      normalizer: (root.normalizer ?? null) as JSONObject | null,
      pre_tokenizer: (root.pre_tokenizer ?? null) as JSONObject | null,
      decoder: root.decoder as JSONObject,
      post_processor: root.post_processor ?? null,
    },
  })
}

/** Llama's first file puts "▁" before a text by its normalizer, later ones by a Metaspace pre-tokenizer. */
function spaceRule({ normalizer = null, pre_tokenizer: preTokenizer = null }: JSONObject): SpaceRule {
  const expected = 'Prepend and Replace, or a Metaspace, of "▁"'
  if (preTokenizer === null) {
    const steps = stepsOf(normalizer, 'normalizers')
    const prepend = steps.find(({ type }) => type === 'Prepend')
    const rest = steps.filter(step => step !== prepend)
    const fits = rest.length === 1 && isReplace(rest[0], ' ', '▁') && (prepend === undefined || prepend === steps[0])
    if (!fits || (prepend && prepend.prepend !== '▁')) throw unsupported('normalizer', expected, normalizer)
    return { prefix: prepend ? 'always' : 'never', doubled: true, split: false }
  }
  const {
    type,
    replacement,
    prepend_scheme: scheme = 'always',
    split = true,
  } = jsonObject('tokenizer.json, pre_tokenizer', preTokenizer)
  const isKnown = scheme === 'first' || scheme === 'always' || scheme === 'never'
  if (normalizer !== null) throw unsupported('normalizer', 'null beside a pre-tokenizer', normalizer)
  if (type !== 'Metaspace' || replacement !== '▁' || !isKnown)
    throw unsupported('pre_tokenizer', expected, preTokenizer)
  return { prefix: scheme, doubled: false, split: split !== false }
}

/** Whether the decoder takes away a first space. */
function stripsOf(decoder: JSONValue | undefined): boolean {
  const steps = stepsOf(decoder ?? null, 'decoders')
  const [replace, fallback, fuse, strip, ...more] = steps
  const isKnown = isReplace(replace, '▁', ' ') && fallback?.type === 'ByteFallback' && fuse?.type === 'Fuse'
  const isStrip =
    strip === undefined || (strip.type === 'Strip' && strip.content === ' ' && strip.start === 1 && !strip.stop)
  if (isKnown && isStrip && more.length === 0) return strip !== undefined
  throw unsupported('decoder', 'Replace, ByteFallback, Fuse and Strip', decoder)
}

function stepsOf(value: JSONValue, field: string): JSONObject[] {
  if (value === null) return []
  const object = jsonObject('tokenizer.json', value)
  const steps = object.type === 'Sequence' && Array.isArray(object[field]) ? (object[field] as JSONValue[]) : [object]
  return steps.map(step => jsonObject(`tokenizer.json, ${field}`, step))
}

function isReplace(step: JSONObject | undefined, from: string, to: string): boolean {
  if (step?.type !== 'Replace' || step.content !== to) return false
  return JSON.stringify(step.pattern) === JSON.stringify({ String: from })
}

function unsupported(field: string, expected: string, received: unknown): TokenizerError {
  return new TokenizerError({ what: `tokenizer.json, ${field}`, expected, received: describe(received) })
}
