import type { Dataset } from './dataset.ts'

const generated = { seed: 1, documents: 8000 }

/** Text of the small world that anyone can have without a network. */
export const smallWorldEnglish: Dataset = {
  name: 'small-world',
  description: 'stories, questions, dialogue and more of a generated little world',
  language: 'en',
  licence: 'Apache-2.0',
  mirrorFolder: 'small-world',
  files: [],
  generated,
}

/** The same in Chinese. */
export const smallWorldChinese: Dataset = {
  ...smallWorldEnglish,
  name: 'small-world-zh',
  description: 'the same little world in Chinese',
  language: 'zh',
}

/** Both by turns, and among them what is true at the end of stories. */
export const smallWorldBilingual: Dataset = {
  ...smallWorldEnglish,
  name: 'small-world-bilingual',
  description: 'the little world in English and Chinese by turns, with the facts of stories',
  language: 'zh-en',
  generated: { seed: 1, documents: 3000, factsOfDocument: 4 },
}

/** What a first assistant learns from: so many conversations in each language. */
export const smallWorldChat: Dataset = {
  ...smallWorldEnglish,
  name: 'small-world-chat',
  description: 'questions and answers, translations and small talk about the little world, in English and Chinese',
  language: 'zh-en',
  generated: { seed: 11, documents: 115_000 },
}

/** Words sorted by signs, from whose first lines the rest can be told: what learning in context is learned from. */
export const smallWorldSorting: Dataset = {
  ...smallWorldEnglish,
  name: 'small-world-sorting',
  description: 'words sorted into two groups by signs without a meaning, in English and Chinese by turns',
  language: 'zh-en',
  generated: { seed: 1, documents: 8000, kind: 'sorting' },
}
