import type { CommandEntry } from './command.ts'

/** Trainings whose options are their own. */
const trainings: readonly Pick<CommandEntry, 'name' | 'load'>[] = [
  { name: 'word2vec', load: () => import('./train-word2vec.ts') },
  { name: 'tfidf', load: () => import('./train-tfidf.ts') },
  { name: 'recurrent-classifier', load: () => import('./train-recurrent-classifier.ts') },
  { name: 'seq2seq', load: () => import('./train-translator.ts') },
  { name: 'transformer', load: () => import('./train-translator.ts') },
  { name: 'bert', load: () => import('./train-bert.ts') },
]

/** Every command of `nacre`, in the order of its help: one line each, loaded when it runs. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'start',
    summary: 'train a small assistant before your eyes, then talk to it',
    load: () => import('./start.ts'),
  },
  {
    name: 'train',
    summary: 'train a model on a text',
    load: words => {
      // The model's name comes first, or somewhere between flags.
      const isNamed = (name: string) => (words[0]?.startsWith('-') ? words.includes(name) : words[0] === name)
      const own = trainings.find(({ name }) => isNamed(name))
      return own === undefined ? import('./train.ts') : own.load(words)
    },
  },
  {
    name: 'finetune',
    summary: 'teach a language model your own answers or classes',
    load: () => import('./finetune.ts'),
  },
  { name: 'merge', summary: 'make one model of an adapter and its base', load: () => import('./merge.ts') },
  { name: 'generate', summary: 'continue a text', load: () => import('./generate.ts') },
  { name: 'chat', summary: 'talk to a model', load: () => import('./chat.ts') },
  { name: 'translate', summary: 'translate sentences', load: () => import('./translate.ts') },
  {
    name: 'evaluate',
    summary: 'measure a model: a text that it predicts, a task that it answers',
    load: () => import('./evaluate.ts'),
  },
  { name: 'score', summary: 'show the probability of each token of a text', load: () => import('./score.ts') },
  { name: 'next', summary: 'show which tokens may come next', load: () => import('./next.ts') },
  { name: 'fill', summary: 'fill in the masked words of a text', load: () => import('./fill.ts') },
  {
    name: 'timeline',
    summary: 'train every language model of the line on one text',
    load: () => import('./timeline.ts'),
  },
  {
    name: 'similar',
    summary: 'name the words nearest to a word, or the texts nearest to a text',
    load: () => import('./similar.ts'),
  },
  { name: 'analogy', summary: 'complete: A is to B as C is to ...', load: () => import('./analogy.ts') },
  { name: 'map', summary: 'draw words by the likeness of their vectors', load: () => import('./map.ts') },
  { name: 'import', summary: 'make a model of one that others trained', load: () => import('./import.ts') },
  { name: 'reproduce', summary: 'run a row of the line against its numbers', load: () => import('./reproduce.ts') },
  { name: 'classify', summary: 'tell which class something belongs to', load: () => import('./classify.ts') },
  {
    name: 'compare',
    summary: 'compare translations with references: BLEU and chrF',
    load: () => import('./compare.ts'),
  },
  { name: 'data', summary: 'list and fetch public datasets', load: () => import('./data.ts') },
]
