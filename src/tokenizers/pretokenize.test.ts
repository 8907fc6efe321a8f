import { expect, test } from 'vitest'
import { Random } from '../base/random.ts'
import {
  cl100kRule,
  gpt2Rule,
  lastSafeCut,
  llama3Rule,
  o200kRule,
  phraseRule,
  pretokenizationRules,
  pretokenize,
  qwen2Rule,
} from './pretokenize.ts'
import { caseless, characterClasses, letter, lower, mark, number, space, upper } from './unicode-classes.ts'

/** The characters of a class as the inside of a regular expression's brackets. */
function bracketed(mask: number): string {
  const classes = characterClasses()
  let text = ''
  for (let start = 0; start < classes.length; start++) {
    if ((classes[start] & mask) === 0) continue
    let end = start
    while (classes[end + 1] & mask) end++
    text += `\\u{${start.toString(16)}}-\\u{${end.toString(16)}}`
    start = end
  }
  return text
}

const brackets: readonly (readonly [RegExp, string])[] = [
  [/\\p\{Lu\}\\p\{Lt\}\\p\{Lm\}\\p\{Lo\}\\p\{M\}/g, bracketed(upper | caseless | mark)],
  [/\\p\{Ll\}\\p\{Lm\}\\p\{Lo\}\\p\{M\}/g, bracketed(lower | caseless | mark)],
  [/\\s\\p\{L\}\\p\{N\}/g, bracketed(space | letter | number)],
  [/\\p\{L\}\\p\{N\}/g, bracketed(letter | number)],
  [/\\p\{Lu\}\\p\{Lt\}/g, bracketed(upper)],
  [/\\p\{Lm\}\\p\{Lo\}/g, bracketed(caseless)],
  [/\\p\{Ll\}/g, `[${bracketed(lower)}]`],
  [/\\p\{L\}/g, `[${bracketed(letter)}]`],
  [/\\p\{N\}/g, `[${bracketed(number)}]`],
  [/\\s/g, `[${bracketed(space)}]`],
  [/\\S/g, `[^${bracketed(space)}]`],
]

/** The slow twin: the published expression, possessive quantifiers made greedy, with our Unicode version. */
function expression(pattern: string): RegExp {
  const greedy = pattern.replace(/([+*?]|\{[\d,]+\})\+/g, '$1')
  // Ignoring case, s matches U+017F too; not every engine knows (?i:...).
  const contractions = greedy.replace(/\(\?i:([^)]*)\)/g, (_, inside: string) => {
    const letters = inside
      .replace(/\[sdmt\]/, 's|d|m|t')
      .replace(/[a-z]/g, c => `[${c}${c.toUpperCase()}${c === 's' ? 'ſ' : ''}]`)
    return `(?:${letters})`
  })
  return new RegExp(
    brackets.reduce((text, [from, to]) => text.replace(from, to), contractions),
    'gu',
  )
}

const interesting = [
  ...Array.from("aAzZéÉßſKİ1²½٣ \u00a0\u0085\u3000\ufeff\t\r\n\v'’.,!/_-$\u0301\u0903\u200d\u2028"),
  ...Array.from('你の한ǅʰª\u{1f468}\u{1d7d8}\u{10400}\u{10428}\u{20000}\u{e0100}\u{10ffff}\ud83d\udc00'),
  "'s",
  "'LL",
  "'Ve",
  ' ',
  ' ',
  '\n',
  'word',
  'Word',
  'WORD',
]

test.each(pretokenizationRules.flatMap(rule => rule.patterns.map(pattern => [rule.name, rule, pattern] as const)))(
  '%s: the scanner cuts as the expression does',
  (_, rule, pattern) => {
    const slow = expression(pattern)
    const random = new Random(1)
    for (let round = 0; round < 4000; round++) {
      const pieces = Array.from({ length: random.integer(12) }, () =>
        random.integer(8) === 0
          ? String.fromCodePoint(random.integer(0x110000))
          : interesting[random.integer(interesting.length)],
      )
      const text = pieces.join('')
      expect([text, ...pretokenize(rule, text)]).toEqual([text, ...(text.match(slow) ?? [])])
    }
  },
)

test('examples', () => {
  const text = "I'll  go\n\n HTTPServer's 12345 你好！"
  const cuts = (rule: typeof gpt2Rule): string => pretokenize(rule, text).join('|')
  expect(cuts(gpt2Rule)).toBe("I|'ll| | go|\n\n| HTTPServer|'s| 12345| 你好|！")
  expect(cuts(cl100kRule)).toBe("I|'ll| | go|\n\n| HTTPServer|'s| |123|45| 你好|！")
  expect(cuts(qwen2Rule)).toBe("I|'ll| | go|\n\n| HTTPServer|'s| |1|2|3|4|5| 你好|！")
  expect(cuts(o200kRule)).toBe("I'll| | go|\n\n| HTTPServer's| |123|45| 你好|！")
  expect(cuts(phraseRule)).toBe("I|'|ll|  |go|\n\n |H|T|T|P|Server|'|s| |12345| |你好|！")
  expect(pretokenize(phraseRule, 'Anna gave it to Tom. Was he glad?').join('|')).toBe(
    'Anna| gave it to |Tom|. |Was| he glad|?',
  )
  expect(pretokenize(cl100kRule, 'a\n  ')).toEqual(['a', '\n  '])
  expect(pretokenize(llama3Rule, 'a\n  ')).toEqual(['a', '\n', '  '])
})

test.each(pretokenizationRules.map(rule => [rule.name, rule] as const))(
  '%s: pre-tokens begin at a safe cut, whatever follows',
  (_, rule) => {
    const random = new Random(2)
    const draw = (length: number): string =>
      Array.from({ length }, () => interesting[random.integer(interesting.length)]).join('')
    let cuts = 0
    for (let round = 0; round < 20_000; round++) {
      const before = draw(1 + random.integer(8))
      const whole = before + draw(random.integer(4))
      const cut = lastSafeCut(before, undefined, rule.isSafeCut)
      const parts = [...pretokenize(rule, whole.slice(0, cut)), ...pretokenize(rule, whole.slice(cut))]
      expect([before, ...parts]).toEqual([before, ...pretokenize(rule, whole)])
      if (cut > 0) cuts++
    }
    expect(cuts).toBeGreaterThan(rule.name === 'phrases' ? 1000 : 5000)
  },
)
