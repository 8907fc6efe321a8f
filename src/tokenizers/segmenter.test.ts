import { describe, expect, test } from 'vitest'
import { jiebaSegmenter } from './node.ts'
import {
  intlSegmenter,
  isWord,
  segmenterFor,
  segmenterNamed,
  spaceSegmenter,
  unspacedWordsApart,
  wordsApart,
} from './segmenter.ts'

const jieba = await jiebaSegmenter()

describe('segmentation', () => {
  test('spaces: text that was cut before', () => {
    expect(spaceSegmenter.segment(" does n't  work .\u00a0\n好\u3000的")).toEqual([
      'does',
      "n't",
      'work',
      '.',
      '好',
      '的',
    ])
    expect(spaceSegmenter.segment('')).toEqual([])
  })

  test('Unicode word boundaries', () => {
    const english = intlSegmenter('en')
    expect(english.segment("I don't like 3.14% of it, ok? 🙂")).toEqual([
      'I',
      "don't",
      'like',
      '3.14',
      '%',
      'of',
      'it',
      ',',
      'ok',
      '?',
      '🙂',
    ])
    expect([english.separator, intlSegmenter('zh').separator, intlSegmenter('de').separator]).toEqual([' ', '', ' '])
  })

  test('Chinese: by ICU and by jieba', () => {
    const text = '我来到北京清华大学。 Wi-Fi'
    expect(intlSegmenter('zh').segment(text).slice(0, 4)).toEqual(['我', '来到', '北京', '清华大学'])
    expect(jieba.segment(text)).toEqual(['我', '来到', '北京', '清华大学', '。', 'Wi', '-', 'Fi'])
  })

  // As Python's jieba 0.42.1 cuts them: its first example, a word that only the hidden Markov model finds, and numbers.
  test.each([
    [
      '小明硕士毕业于中国科学院计算所，后在日本京都大学深造',
      '小明 硕士 毕业 于 中国科学院 计算所 ， 后 在 日本京都大学 深造',
    ],
    ['他来到了网易杭研大厦', '他 来到 了 网易 杭研 大厦'],
    ['这台电脑3.5折，很划算！', '这台 电脑 3.5 折 ， 很 划算 ！'],
  ])('jieba: %s', (text, words) => {
    expect(jieba.segment(text)).toEqual(words.split(' '))
  })

  test('without the hidden Markov model', async () => {
    const plain = await jiebaSegmenter({ hmm: false })
    expect(plain.segment('他来到了网易杭研大厦')).toEqual(['他', '来到', '了', '网易', '杭', '研', '大厦'])
  })

  test.each([spaceSegmenter, intlSegmenter('en'), intlSegmenter('zh'), jieba])(
    '$name: nothing but white space is lost, and a text may be cut at any white space',
    segmenter => {
      const text =
        "Die Größe, 你好世界！ don't\u00a0stop\n\n\u0301x 한국어 かな　カナ 👨‍👩‍👧 3,000.5% #tag a_b www.a-b.com"
      const words = segmenter.segment(text)
      expect(words.join('')).toBe(text.replaceAll(/\p{White_Space}/gu, ''))
      for (const { index } of text.matchAll(/\p{White_Space}/gu))
        expect([...segmenter.segment(text.slice(0, index)), ...segmenter.segment(text.slice(index))]).toEqual(words)
    },
  )

  test('words, numbers and marks', () => {
    expect(['café', '你', '3.5', 'U+1F'].every(isWord)).toBe(true)
    expect(['，', '...', '%', '🙂'].some(isWord)).toBe(false)
  })

  test('by the language that prevails, and by name', () => {
    expect(segmenterFor('你好, Bob').name).toBe('intl-en')
    expect(segmenterFor('你好世界, Bob').name).toBe('intl-zh')
    expect(segmenterNamed('intl-zh').name).toBe('intl-zh')
    expect(segmenterNamed('jieba', [jieba])).toBe(jieba)
    expect(() => segmenterNamed('jieba')).toThrow('Received "jieba". Give the jiebaSegmenter() of nacre/node.')
    expect(() => segmenterNamed('stanza')).toThrow('Segmenter expected spaces, intl-LANGUAGE. Received "stanza".')
  })
})

test('words that stand apart are part of no longer piece', () => {
  const words = ['Ann', 'ball', 'in the park', 'red', '公园里', '球']
  const pieces = (text: string) => [...wordsApart([text], words)].join('|')
  expect(pieces('Ann had a red ball in the park. Anna played football.')).toBe(
    'Ann| had a| red| ball| in the park|. Anna played football.',
  )
  expect(pieces('他在公园里有一个红色的球。')).toBe('他在|公园里|有一个红色的|球|。')
  expect(pieces('(ball)')).toBe('(|ball|)')
})

test('words written without spaces apart, all else as it is', () => {
  const pieces = [...unspacedWordsApart(["你好。我喜欢Tom 的家。 I'm at  home.", '', '私はテレビを見る', 'ฉันรักคุณ'])]
  expect(pieces.join('')).toBe("你好。我喜欢Tom 的家。 I'm at  home.私はテレビを見るฉันรักคุณ")
  expect(pieces.filter(piece => piece !== '')).toEqual([
    ...['你好', '。', '我', '喜欢', 'Tom ', '的', '家', "。 I'm at  home."],
    ...['私', 'は', 'テレビ', 'を', '見る', 'ฉัน', 'รัก', 'คุณ'],
  ])
})
