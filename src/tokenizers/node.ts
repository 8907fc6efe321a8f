import { OptionError } from '../base/errors.ts'
import { type Segmenter, segmentStretches } from './segmenter.ts'

/**
 * Chinese words by jieba's dictionary of 349,046 words; what is in no dictionary by a hidden Markov model.
 *
 * @param options.hmm - whether to guess words that the dictionary lacks; default true
 * @throws {OptionError} if the package `@node-rs/jieba` is not there for this machine
 */
export async function jiebaSegmenter({ hmm = true }: { readonly hmm?: boolean } = {}): Promise<Segmenter> {
  try {
    const [{ Jieba }, { dict }] = await Promise.all([import('@node-rs/jieba'), import('@node-rs/jieba/dict.js')])
    const jieba = Jieba.withDict(dict)
    return {
      name: 'jieba',
      separator: '',
      segment: text => segmentStretches(text, stretch => jieba.cut(stretch, hmm)),
    }
  } catch (cause) {
    const expected = 'the package @node-rs/jieba, with a build for this machine'
    const hint = 'Install it, or take intlSegmenter("zh"), which every host has.'
    throw new OptionError({ what: 'jiebaSegmenter', expected, received: String(cause), hint }, { cause })
  }
}
