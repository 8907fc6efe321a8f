/** Two people talk: they greet each other, look for something or make a plan, and part. */
import type { Choice, Grammar } from './grammar.ts'
import { lexicon } from './lexicon.ts'

type Phase =
  | 'greeting'
  | 'answer'
  | 'topic'
  | 'search'
  | 'there'
  | 'taken'
  | 'lost'
  | 'plan'
  | 'bring'
  | 'invite'
  | 'refused'
  | 'parting'

export interface DialogueState {
  readonly phase: Phase | 'end'
  /** Whether the second one is glad. */
  readonly glad?: boolean
  /** Whether the greeting named the time of day. */
  readonly daytime?: boolean
}

export const dialogue: Grammar<DialogueState> = {
  lexicon,
  start: { phase: 'greeting' },
  choices: state => (state.phase === 'end' ? [] : turns[state.phase](state)),
}

/** A turn of a speaker, and the phase after it. */
type Turn = readonly [
  weight: number,
  phase: DialogueState['phase'],
  en: string,
  zh: string,
  change?: Partial<DialogueState>,
]

function says(person: number, state: DialogueState, ...options: readonly Turn[]): Choice<DialogueState>[] {
  return options.map(([weight, phase, en, zh, change]) => ({
    weight,
    en: `{person${person}}: ${en}\n${phase === 'end' ? '\n' : ''}`,
    zh: `{person${person}}：${zh}\n${phase === 'end' ? '\n' : ''}`,
    next: { ...state, ...change, phase },
  }))
}

const turns: Readonly<Record<Phase, (state: DialogueState) => Choice<DialogueState>[]>> = {
  greeting: state =>
    says(
      0,
      state,
      [3, 'answer', 'Hello, {new person1}! How are you?', '嗨，{new person1}！你好吗？'],
      [
        2,
        'answer',
        'Good {new daytime}, {new person1}. Is all well?',
        '{new daytime}好，{new person1}。一切都好吗？',
        { daytime: true },
      ],
      [1, 'answer', '{new person1}, there you are! What is new?', '{new person1}，你在这儿啊！有什么新鲜事吗？'],
    ).map(({ en, zh, ...rest }) => ({ ...rest, en: en.replace('{', '{new '), zh: zh.replace('{', '{new ') })),
  answer: state =>
    says(
      1,
      state,
      [3, 'topic', 'I am {new gladness}, thank you.', '我很{new gladness}，谢谢。', { glad: true }],
      [2, 'topic', 'I am a little {new sadness}.', '我有点{new sadness}。', { glad: false }],
      [1, 'topic', 'I am only {new need}.', '我只是{new need}了。', { glad: false }],
    ),
  topic(state) {
    const [en, zh] = state.glad
      ? ['That is good to hear.', '那太好了。']
      : ['I hope you will feel better soon.', '希望你快点好起来。']
    const seen = `你看见我那{new thing0.measure}{new trait0}{thing0}了吗？`
    return says(
      0,
      { ...state, glad: undefined },
      [1, 'search', `${en} Have you seen my {new trait0} {new thing0}?`, `${zh}${seen}`],
      [1, 'plan', `${en} Shall we go {new place0.to}?`, `${zh}我们去{new place0}好吗？`],
    )
  },
  search: state =>
    says(
      1,
      state,
      [2, 'there', 'Yes, I saw the {thing0} {new place0.in}.', '看见了，{thing0}在{new place0.in}。'],
      [2, 'taken', 'Yes, {new person2} has the {thing0}.', '看见了，{thing0}在{new person2}手里。'],
      [1, 'lost', 'No, I have not seen the {thing0}.', '没有，我没看见{thing0}。'],
    ),
  there: state =>
    says(
      0,
      state,
      [2, 'parting', 'Thank you, then I will go {place0.to}.', '谢谢，那我去{place0}。'],
      [1, 'parting', 'Of course! I left it there.', '对了！我把它忘在那儿了。'],
    ),
  taken: state =>
    says(
      0,
      state,
      [2, 'parting', 'Thank you, then I will ask {person2.object}.', '谢谢，那我去问{person2.object}。'],
      [1, 'parting', 'So {person2} took it! That is all right.', '原来是{person2}拿走了！没关系。'],
    ),
  lost: state =>
    says(
      0,
      state,
      [2, 'parting', 'Then I will look for it {new place0.in}.', '那我去{new place0.in}找找。'],
      [1, 'parting', 'Then I will ask {new person2}.', '那我去问{new person2}。'],
    ),
  plan: state =>
    says(
      1,
      state,
      [2, 'bring', 'Yes! Shall I bring the {new thing0}?', '好啊！要我带上{new thing0}吗？'],
      [2, 'invite', 'Yes, and {new person2} can come too.', '好啊，{new person2}也可以来。'],
      [1, 'refused', 'Not today, I am {new need}.', '今天不行，我{new need}了。'],
    ),
  bring: state =>
    says(
      0,
      state,
      [2, 'parting', 'Yes, bring it.', '好，带上吧。'],
      [1, 'parting', 'No, leave the {thing0} at home.', '不用，把{thing0}留在家里吧。'],
    ),
  invite: state =>
    says(0, state, [1, 'parting', 'Good, let us ask {person2.object}.', '好，我们去问问{person2.object}。']),
  refused: state =>
    says(
      0,
      state,
      [2, 'parting', 'Then we will go another day.', '那我们改天再去。'],
      [1, 'parting', 'Then I will go with {new person2}.', '那我和{new person2}去。'],
    ),
  parting: state => {
    const daytime = state.daytime ? '{daytime}' : '{new daytime}'
    return says(
      1,
      { phase: 'end' },
      [2, 'end', 'See you soon, {person0}!', '回头见，{person0}！'],
      [2, 'end', 'Goodbye, {person0}!', '再见，{person0}！'],
      [1, 'end', `Have a good ${daytime}!`, `祝你有个愉快的${daytime}！`],
    )
  },
}
