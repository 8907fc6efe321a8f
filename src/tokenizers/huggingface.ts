import { DataError, TokenizerError } from '../base/errors.ts'
import type { BertReading } from './bert-characters.ts'
import { ByteLevelBPE } from './byte-level-bpe.ts'
import { CharacterTokenizer, isCharacterPattern } from './characters.ts'
import { readVocabulary } from './gpt2-files.ts'
import { mergeTriples } from './merging.ts'
import { gpt2Rule, type PretokenizationRule, pretokenizationRules } from './pretokenize.ts'
import { type Segmenter, segmenterNamed, spaceSegmenter } from './segmenter.ts'
import { readSentencePiece } from './sentencepiece-json.ts'
import type { Tokenizer } from './tokenizer.ts'
import { addedTokens, describe, type JSONObject, jsonObject, vocabularyEntries } from './tokenizer-json.ts'
import { unknownToken, WordBPE, wordEnd } from './word-bpe.ts'
import { bertTokens, longestWord, WordPiece } from './word-piece.ts'
import { WordTokenizer } from './words.ts'

/**
 * The tokenizer that a parsed tokenizer.json describes. Tokens that a post-processor puts around a text are not added.
 *
 * @param config - the parsed tokenizer_config.json, for the name of the token that ends a document, and the segmenter
 * @param options.segmenters - those that need a host, by whose names a tokenizer of words may ask for them
 * @throws {DataError} if it is malformed
 * @throws {TokenizerError} if it asks for something that Nacre does not do
 * @throws {OptionError} if it needs a segmenter that was not given
 */
export function tokenizerFromJSON(
  json: unknown,
  config?: unknown,
  options: { readonly segmenters?: readonly Segmenter[] } = {},
): Tokenizer {
  const root = jsonObject('tokenizer.json', json)
  const model = jsonObject('tokenizer.json, model', root.model)
  // Files of before 2021 do not name the kind of a BPE model.
  const type = model.type ?? (model.merges === undefined ? undefined : 'BPE')
  const settings = config === undefined ? undefined : jsonObject('tokenizer_config.json', config)
  const endOfText = settings && endOfTextName(settings)
  if (type === 'WordLevel' && isWords(root.pre_tokenizer)) {
    const name = settings?.segmenter
    const segmenter = typeof name === 'string' ? segmenterNamed(name, options.segmenters) : spaceSegmenter
    return readWords(root, model, segmenter, endOfText)
  }
  if (type === 'WordPiece') return readWordPiece(root, model, endOfText)
  if (type === 'BPE' && model.byte_fallback === true) return readSentencePiece(root, model, endOfText)
  if (type === 'BPE' && model.end_of_word_suffix === wordEnd) return readWordBPE(root, model, endOfText)
  if (type === 'BPE') return readByteLevelBPE(root, model, endOfText)
  if (type === 'WordLevel') return readCharacters(root, model, endOfText)
  throw unsupported('model.type', 'BPE, WordPiece or WordLevel', type)
}

/** What a folder says of its tokenizer beside tokenizer.json. */
export interface TokenizerSettings {
  /** Jinja that writes a conversation. */
  readonly chatTemplate?: string
  /** Names of special tokens by what they are for, as chat templates call them: bos_token, eos_token, pad_token, ... */
  readonly specialNames?: Readonly<Record<string, string>>
}

const specialPurposes = ['bos', 'eos', 'unk', 'sep', 'pad', 'cls', 'mask'].map(name => `${name}_token`)

/**
 * What a tokenizer_config.json says of special tokens and of chat.
 * @param templateFile - the contents of chat_template.jinja, where newer folders keep the template
 * @throws {DataError} if its chat template is no text
 */
export function readTokenizerSettings(config: unknown, templateFile?: string): TokenizerSettings {
  const settings = config === undefined ? {} : jsonObject('tokenizer_config.json', config)
  const names = specialPurposes.flatMap(purpose => {
    const token = settings[purpose]
    const name = typeof token === 'string' ? token : (token as JSONObject | null | undefined)?.content
    return typeof name === 'string' ? [[purpose, name] as const] : []
  })
  const chatTemplate = templateFile ?? namedTemplate(settings.chat_template)
  return {
    ...(chatTemplate !== undefined && { chatTemplate }),
    ...(names.length > 0 && { specialNames: Object.fromEntries(names) }),
  }
}

/** A template, or the default one of a list of templates with names. */
function namedTemplate(value: unknown): string | undefined {
  if (value === undefined || value === null) return undefined
  if (typeof value === 'string') return value
  const named: unknown[] = Array.isArray(value) ? value : []
  const templates = named.map(item => jsonObject('tokenizer_config.json, chat_template', item))
  const { template } = templates.find(({ name }) => name === 'default') ?? templates[0] ?? {}
  if (typeof template === 'string') return template
  const expected = 'a text, or a list of names and texts'
  throw new DataError({ what: 'tokenizer_config.json, chat_template', expected, received: describe(value) })
}

/** The contents of tokenizer_config.json, from which `transformers.AutoTokenizer` loads tokenizer.json. */
export function tokenizerConfig(
  tokenizer: Tokenizer,
  options: TokenizerSettings & { readonly maximumLength?: number } = {},
): JSONObject {
  const { chatTemplate, specialNames = {} } = options
  const known = Object.entries(specialNames).filter(([, name]) => tokenizer.specialTokens.has(name))
  const { endOfText, beginOfText = endOfText, specialTokens } = tokenizer
  const nameOf = (token: number | undefined) => [...specialTokens].find(([, id]) => id === token)?.[0]
  const [begin, end] = [nameOf(beginOfText), nameOf(endOfText)]
  return {
    ...(tokenizer instanceof WordPiece
      ? wordPieceConfig(tokenizer)
      : { tokenizer_class: 'PreTrainedTokenizerFast', clean_up_tokenization_spaces: false }),
    ...(begin === undefined ? {} : { bos_token: begin }),
    ...(end === undefined ? {} : { eos_token: end }),
    ...Object.fromEntries(known),
    ...(tokenizer instanceof WordTokenizer && { segmenter: tokenizer.segmenter.name }),
    ...(options.maximumLength === undefined ? {} : { model_max_length: options.maximumLength }),
    ...(chatTemplate === undefined ? {} : { chat_template: chatTemplate }),
  }
}

function wordPieceConfig({ reading, specialTokens }: WordPiece): JSONObject {
  const fields: Record<keyof typeof bertTokens, string> = {
    padding: 'pad_token',
    unknown: 'unk_token',
    first: 'cls_token',
    separator: 'sep_token',
    mask: 'mask_token',
  }
  const names = Object.entries(bertTokens).filter(([, name]) => specialTokens.has(name))
  return {
    tokenizer_class: 'BertTokenizer',
    do_lower_case: reading.lowercase,
    strip_accents: reading.stripAccents === reading.lowercase ? null : reading.stripAccents,
    tokenize_chinese_chars: reading.splitChinese,
    ...Object.fromEntries(names.map(([kind, name]) => [fields[kind as keyof typeof bertTokens], name])),
  }
}

function readWordPiece(root: JSONObject, model: JSONObject, endOfText: string | undefined): WordPiece {
  const reading = readReading(root)
  const prefix = model.continuing_subword_prefix ?? '##'
  refuseUnless(prefix === '##', 'model.continuing_subword_prefix', '"##"', prefix)
  const { unk_token: unknown = bertTokens.unknown, max_input_chars_per_word: longest = longestWord } = model
  refuseUnless(unknown === bertTokens.unknown, 'model.unk_token', bertTokens.unknown, unknown)
  refuseUnless(longest === longestWord, 'model.max_input_chars_per_word', String(longestWord), longest)
  const tokens = new Map(vocabularyEntries('tokenizer.json, model.vocab', model.vocab))
  return new WordPiece({ ...reading, tokens, addedTokens: addedTokens(root.added_tokens), endOfText })
}

function readWordBPE(root: JSONObject, model: JSONObject, endOfText: string | undefined): WordBPE {
  const reading = readReading(root)
  refuseUnused(model, ['dropout', 'continuing_subword_prefix', 'fuse_unk', 'ignore_merges'])
  refuseUnless(model.unk_token === unknownToken, 'model.unk_token', unknownToken, model.unk_token)
  const tokens = new Map(vocabularyEntries('tokenizer.json, model.vocab', model.vocab))
  const merges = mergeTriples(tokens, model.merges)
  return new WordBPE({ ...reading, tokens, merges, addedTokens: addedTokens(root.added_tokens), endOfText })
}

/** How words are read where BERT's normalizer and pre-tokenizer read them. */
function readReading(root: JSONObject): BertReading {
  const normalizer = jsonObject('tokenizer.json, normalizer', root.normalizer)
  refuseUnless(normalizer.type === 'BertNormalizer', 'normalizer', 'BertNormalizer', root.normalizer)
  refuseUnless(normalizer.clean_text !== false, 'normalizer.clean_text', 'true', normalizer.clean_text)
  const { type } = jsonObject('tokenizer.json, pre_tokenizer', root.pre_tokenizer)
  refuseUnless(type === 'BertPreTokenizer', 'pre_tokenizer', 'BertPreTokenizer', root.pre_tokenizer)
  const lowercase = normalizer.lowercase !== false
  const stripAccents = typeof normalizer.strip_accents === 'boolean' ? normalizer.strip_accents : lowercase
  return { lowercase, stripAccents, splitChinese: normalizer.handle_chinese_chars !== false }
}

/** Refuses fields of a model that ask for what Nacre does not do. */
function refuseUnused(model: JSONObject, fields: readonly string[]): void {
  for (const field of fields) {
    const value = model[field]
    const isUnused = value === undefined || value === null || value === '' || value === false || value === 0
    refuseUnless(isUnused, `model.${field}`, 'null', value)
  }
}

function readByteLevelBPE(root: JSONObject, model: JSONObject, endOfText: string | undefined): ByteLevelBPE {
  const normalizer = root.normalizer ?? null
  const composes = normalizer !== null && jsonObject('tokenizer.json, normalizer', normalizer).type === 'NFC'
  refuseUnless(composes || normalizer === null, 'normalizer', 'null or NFC', normalizer)
  refuseUnused(model, ['dropout', 'continuing_subword_prefix', 'end_of_word_suffix', 'byte_fallback'])
  const rule = readRule(root.pre_tokenizer)
  const decoder = jsonObject('tokenizer.json, decoder', root.decoder)
  refuseUnless(decoder.type === 'ByteLevel', 'decoder', 'ByteLevel', root.decoder)
  const added = addedTokens(root.added_tokens)
  const entries = vocabularyEntries('tokenizer.json, model.vocab', model.vocab)
  return new ByteLevelBPE({
    rule,
    ...readVocabulary(entries, model.merges, new Set(added.map(({ id }) => id))),
    addedTokens: added,
    endOfText,
    ignoreMerges: model.ignore_merges === true,
    composes,
    postProcessor: root.post_processor,
  })
}

/** `ByteLevel` with its own expression is GPT-2's rule; others come as `Split` before `ByteLevel`. */
function readRule(value: unknown): PretokenizationRule {
  const expected = `ByteLevel, or one of the expressions of ${pretokenizationRules.map(rule => rule.name).join(', ')}`
  const first = jsonObject('tokenizer.json, pre_tokenizer', value)
  const steps = first.type === 'Sequence' && Array.isArray(first.pretokenizers) ? first.pretokenizers : [first]
  const byteLevel = jsonObject('tokenizer.json, pre_tokenizer', steps.at(-1))
  refuseUnless(byteLevel.type === 'ByteLevel', 'pre_tokenizer', expected, value)
  refuseUnless(byteLevel.add_prefix_space !== true, 'pre_tokenizer.add_prefix_space', 'false', true)
  if (steps.length === 1 && byteLevel.use_regex !== false) return gpt2Rule
  if (steps.length !== 2 || byteLevel.use_regex !== false) throw unsupported('pre_tokenizer', expected, value)
  const split = jsonObject('tokenizer.json, pre_tokenizer', steps[0])
  const pattern = splitPattern(split)
  const rule = pretokenizationRules.find(({ patterns }) => pattern !== undefined && patterns.includes(pattern))
  if (rule === undefined) throw unsupported('pre_tokenizer', expected, pattern ?? value)
  return rule
}

function readCharacters(root: JSONObject, model: JSONObject, endOfText: string | undefined): CharacterTokenizer {
  refuseUnless((root.normalizer ?? null) === null, 'normalizer', 'null', root.normalizer)
  const expected = 'WhitespaceSplit, or a Split into single characters'
  const pattern = splitPattern(jsonObject('tokenizer.json, pre_tokenizer', root.pre_tokenizer))
  refuseUnless(pattern !== undefined && isCharacterPattern(pattern), 'pre_tokenizer', expected, root.pre_tokenizer)
  const added = addedTokens(root.added_tokens)
  const addedIds = new Set(added.map(({ id }) => id))
  const isCharacter = ([token, id]: readonly [string, number]) => !addedIds.has(id) || Array.from(token).length === 1
  const entries = vocabularyEntries('tokenizer.json, model.vocab', model.vocab).filter(isCharacter)
  return new CharacterTokenizer({ characters: new Map(entries), addedTokens: added, endOfText })
}

/** Whether a WordLevel model cuts at white space, with line breaks as words or without. */
function isWords(value: unknown): boolean {
  const { type, pattern, behavior, invert } = jsonObject('tokenizer.json, pre_tokenizer', value)
  if (type === 'WhitespaceSplit') return true
  return type === 'Split' && behavior === 'Removed' && invert === true && JSON.stringify(pattern) === lineBreakPattern
}

const lineBreakPattern = JSON.stringify({ Regex: '\\n|\\S+' })

function readWords(
  root: JSONObject,
  model: JSONObject,
  segmenter: Segmenter,
  endOfText: string | undefined,
): WordTokenizer {
  const normalizer = root.normalizer ?? null
  const lowercase = normalizer !== null && jsonObject('tokenizer.json, normalizer', normalizer).type === 'Lowercase'
  refuseUnless(lowercase || normalizer === null, 'normalizer', 'null or Lowercase', normalizer)
  const { unk_token: unknown } = model
  if (typeof unknown !== 'string') {
    const received = describe(unknown)
    throw new DataError({ what: 'tokenizer.json, model.unk_token', expected: 'the unknown word', received })
  }
  const words = new Map(vocabularyEntries('tokenizer.json, model.vocab', model.vocab))
  return new WordTokenizer({
    words,
    segmenter,
    unknown,
    lowercase,
    addedTokens: addedTokens(root.added_tokens),
    endOfText,
  })
}

function splitPattern(split: JSONObject): string | undefined {
  if (split.type !== 'Split' || split.behavior !== 'Isolated' || split.invert === true) return undefined
  const { Regex: pattern } = jsonObject('tokenizer.json, pre_tokenizer.pattern', split.pattern)
  return typeof pattern === 'string' ? pattern : undefined
}

function endOfTextName(config: JSONObject): string | undefined {
  const token = config.eos_token
  if (typeof token === 'string') return token
  if (token === null || token === undefined) return undefined
  const { content } = jsonObject('tokenizer_config.json, eos_token', token)
  return typeof content === 'string' ? content : undefined
}

function refuseUnless(condition: boolean, field: string, expected: string, received: unknown): void {
  if (!condition) throw unsupported(field, expected, received)
}

function unsupported(field: string, expected: string, received: unknown): TokenizerError {
  return new TokenizerError({ what: `tokenizer.json, ${field}`, expected, received: describe(received) })
}
