/** What somebody says of an evening, a film or a cake, and whether it is praise. */
import type { Choice, Grammar } from './grammar.ts'
import { lexicon } from './lexicon.ts'

export type Sentiment = 'positive' | 'negative'

/** As Chinese documents say it. */
export const chineseSentiments = { positive: '正面', negative: '负面' } as const
const opposites = { positive: 'negative', negative: 'positive' } as const
const adjectives = { positive: 'praise', negative: 'blame' } as const

export type SentimentState = { readonly phase: 'review' | 'advice' | 'end'; readonly sentiment?: Sentiment }

export const sentiment: Grammar<SentimentState> = {
  lexicon,
  start: { phase: 'review' },
  choices(state) {
    if (state.phase === 'review') return [...reviews('positive'), ...reviews('negative')]
    return state.phase === 'advice' ? endings(state.sentiment!) : []
  },
}

function reviews(mine: Sentiment): Choice<SentimentState>[] {
  const [good, bad] = [adjectives[mine], adjectives[opposites[mine]]]
  const next: SentimentState = { phase: 'advice', sentiment: mine }
  return [
    {
      weight: 3,
      en: `The {new topic0} was {new degree} {new ${good}0}.`,
      zh: `{new topic0}{new degree}{new ${good}0}。`,
      next,
    },
    {
      weight: 2,
      en: `The {new topic0} was {new ${good}0}, and the {new topic1} was {new ${good}1} too.`,
      zh: `{new topic0}很{new ${good}0}，{new topic1}也很{new ${good}1}。`,
      next,
    },
    {
      weight: 2,
      en: `The {new topic0} was {new ${bad}0}, but all in all the {new topic1} was {new degree} {new ${good}0}.`,
      zh: `{new topic0}很{new ${bad}0}，不过总的来说{new topic1}{new degree}{new ${good}0}。`,
      next,
    },
    {
      weight: 2,
      en: `I had heard that the {new topic0} was {new ${bad}0}, but it was not {${bad}0} at all.`,
      zh: `听说{new topic0}很{new ${bad}0}，其实一点也不{${bad}0}。`,
      next,
    },
  ]
}

/** A second sentence agrees with the first. */
function endings(mine: Sentiment): Choice<SentimentState>[] {
  const label = [`\nSentiment: ${mine}\n\n`, `\n情感：${chineseSentiments[mine]}\n\n`]
  const next: SentimentState = { phase: 'end' }
  const more =
    mine === 'positive'
      ? [
          [' I want more of that.', '真希望再来一次。'],
          [' {new person0} should try it as well.', '{new person0}也应该试试。'],
          [' It made {new person0} and me {new gladness}.', '它让{new person0}和我都很{new gladness}。'],
        ]
      : [
          [' I want my money back.', '我想退钱。'],
          [' I told {new person0} to stay away.', '我劝{new person0}别去。'],
          [' It made {new person0} and me {new sadness}.', '它让{new person0}和我都很{new sadness}。'],
        ]
  return [
    { weight: 3, en: label[0], zh: label[1], next },
    ...more.map(([en, zh]) => ({ weight: 1, en: en + label[0], zh: zh + label[1], next })),
  ]
}
