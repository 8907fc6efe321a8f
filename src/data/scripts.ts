/** Scripts that letters are told apart by. */
const known = [
  'Latin',
  'Han',
  'Cyrillic',
  'Greek',
  'Arabic',
  'Hebrew',
  'Devanagari',
  'Hiragana',
  'Katakana',
  'Hangul',
  'Thai',
] as const

export type Script = (typeof known)[number] | 'another'

const patterns = known.map(script => [script, new RegExp(`\\p{Script=${script}}`, 'u')] as const)

/** How many letters of each script a text has; marks, numbers and punctuation belong to none. */
export function countScripts(texts: Iterable<string>): Map<Script, number> {
  const counts = new Map<Script, number>()
  const byLetter = new Map<string, Script>()
  for (const text of texts) {
    for (const [letter] of text.matchAll(/\p{L}/gu)) {
      const script = byLetter.get(letter) ?? patterns.find(([, pattern]) => pattern.test(letter))?.[0] ?? 'another'
      byLetter.set(letter, script)
      counts.set(script, (counts.get(script) ?? 0) + 1)
    }
  }
  return counts
}

/** The scripts in which a text is written: those that have a share of its letters that is no accident. */
export function scriptsOf(texts: Iterable<string>): Script[] {
  const counts = countScripts(texts)
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return [...counts].filter(([, count]) => count >= total / 200).map(([script]) => script)
}

/** The script of most of a text's letters, if none of them is in one of those given. */
export function foreignScript(text: string, scripts: readonly string[]): Script | undefined {
  const counts = [...countScripts([text])].sort((a, b) => b[1] - a[1])
  return counts.some(([script]) => scripts.includes(script)) ? undefined : counts[0]?.[0]
}
