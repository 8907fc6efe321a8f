/** Every recipe of the line: one line each, loaded when it runs. Lists are sorted by the recipes' years. */
import type { Recipe } from './recipe.ts'

export interface RecipeEntry {
  /** As typed after `nacre reproduce`; the file's and the recipe's name too. */
  readonly name: string
  load(): Promise<{ readonly recipe: Recipe }>
}

export const recipes: readonly RecipeEntry[] = [
  { name: 'neuron', load: () => import('./neuron.ts') },
  { name: 'perceptron', load: () => import('./perceptron.ts') },
  { name: 'backpropagation', load: () => import('./backpropagation.ts') },
  { name: 'mnist', load: () => import('./mnist.ts') },
  { name: 'tfidf-sst2', load: () => import('./tfidf-sst2.ts') },
  { name: 'vanishing-gradients', load: () => import('./vanishing-gradients.ts') },
  { name: 'adding-problem', load: () => import('./adding-problem.ts') },
  { name: 'sentiment-lstm', load: () => import('./sentiment-lstm.ts') },
  { name: 'char-lstm', load: () => import('./char-lstm.ts') },
  { name: 'char-shakespeare', load: () => import('./char-shakespeare.ts') },
  { name: 'few-shot', load: () => import('./few-shot.ts') },
  { name: 'pretraining', load: () => import('./pretraining.ts') },
  { name: 'bert-chinese', load: () => import('./bert-chinese.ts') },
  { name: 'char-gpt3', load: () => import('./char-gpt3.ts') },
  { name: 'sentence-vectors', load: () => import('./sentence-vectors.ts') },
  { name: 'char-llama', load: () => import('./char-llama.ts') },
  { name: 'distillation', load: () => import('./distillation.ts') },
  { name: 'muon', load: () => import('./muon.ts') },
  { name: 'assistant', load: () => import('./assistant.ts') },
  { name: 'entropy', load: () => import('./entropy.ts') },
  { name: 'multi30k-seq2seq', load: () => import('./multi30k-seq2seq.ts') },
  { name: 'dialogue', load: () => import('./dialogue.ts') },
  { name: 'multi30k-transformer', load: () => import('./multi30k-transformer.ts') },
  { name: 'tatoeba', load: () => import('./tatoeba.ts') },
  { name: 'attention', load: () => import('./attention.ts') },
  { name: 'parallel-in-time', load: () => import('./parallel-in-time.ts') },
  { name: 'word2vec', load: () => import('./word2vec.ts') },
]
