/**
 * Vectors of sentences: the mean of a small BERT's states, as pre-training left them, and after learning by contrast, from
 * sentences alone and from pairs of which one sentence follows from the other.
 * Gao et al., SimCSE: Simple Contrastive Learning of Sentence Embeddings, 2021.
 */
import {
  adamW,
  bertEncoder,
  bertText,
  type ContrastiveExample,
  datasetText,
  fetchedText,
  findDataset,
  type LabelledText,
  linear,
  linesOf,
  Random,
  readSnli,
  readStsb,
  type SavedBERT,
  type ScoredText,
  spearman,
  type TextSource,
  trainContrastive,
  warmUp,
  withoutHeads,
} from '../src/index.ts'
import { preTrainBert } from './bert-training.ts'
import type { Recipe, RecipeContext } from './recipe.ts'

/** 2.2 million parameters with the vocabulary. */
const preTraining = {
  ...{ layers: 2, heads: 4, channels: 192, context: 64, vocabulary: 6000, dropout: 0 },
  ...{ steps: 1500, batchSize: 32, learningRate: 1e-3, warmUp: 200, validationFraction: 0.01 },
  ...{ evaluateEvery: 500, evaluationBatches: 10, saveEvery: 250 },
} as const
const contrast = { batchSize: 64, dropout: 0.1, temperature: 0.05, clip: 1 } as const

/** Tokens of a sentence that are learned from: 32 with [CLS] and [SEP], as published. */
const longest = 30

const quickPreTraining = {
  ...{ layers: 1, heads: 2, channels: 16, context: 16, vocabulary: 400, steps: 4, batchSize: 4, evaluationBatches: 1 },
} as const

export const recipe: Recipe = {
  name: 'sentence-vectors',
  year: 2018,
  title: {
    en: 'vectors of sentences by a small BERT (2 layers, 192 channels), before and after learning by contrast: STS-B',
    zh: '小型 BERT（2 层、192 通道）的句向量，对比学习前后：STS-B',
  },
  datasets: ['multi30k', 'english-wikipedia', 'snli', 'stsb'],
  seeds: 3,
  measures: [
    { name: 'before', title: 'STS-B test before, Spearman x 100', better: 'higher' },
    {
      name: 'unsupervised',
      title: 'STS-B test after contrast of sentences alone, Spearman x 100',
      better: 'higher',
      published: { value: 76.85, source: 'SimCSE, table 5: BERT base' },
    },
    { name: 'unsupervisedGain', title: 'what that adds, x 100', better: 'higher', bound: 0 },
    {
      name: 'supervised',
      title: 'STS-B test after contrast of pairs of SNLI, Spearman x 100',
      better: 'higher',
      published: { value: 84.25, source: 'SimCSE, table 5: BERT base' },
    },
    { name: 'supervisedGain', title: 'what that adds, x 100', better: 'higher', bound: 0 },
  ],
  remarks: `The published models begin with BERT base, 110 million parameters and 16 GB of text; ours has 2.2 million and learns from
captions, Wikipedia and the sentences of both tasks. Of SNLI the development and test sets are learned from, the published model learns from
all of SNLI and MNLI. STS-B's scores are learned from by neither.`,
  async run(context) {
    const { quick, runtime, dataset, print } = context
    const pairs = await readStsb(await dataset('stsb'))
    const snli = await readSnli(await dataset('snli'))
    const inferences = [...snli.train, ...snli.validation, ...snli.test]
    const sentences = [...(await captions(context)), ...pairs.train.flatMap(textsOf), ...inferences.flatMap(textsOf)]
    const different = [...new Set(sentences)]
    const some = <T>(all: readonly T[]): readonly T[] => (quick ? all.filter((_, i) => i % 100 === 0) : all)
    const base = await preTrainBert(context, {
      text: documents(some([...different, ...(await paragraphs(context))])),
      options: { ...preTraining, ...(quick && quickPreTraining) },
      alphabet: 200,
    })
    const test = some(pairs.test)
    const before = 100 * (await agreement(base, runtime, test))
    print(`before: ${before.toFixed(2)}`)
    const row = (text: string) => bertText(base.tokenizer, base.tokenizer.encode(text).subarray(0, longest)).ids
    const alone = some(different).map((text): ContrastiveExample => [row(text), row(text)])
    const triples = some(tripletsOf(inferences)).map(
      ([text, same, other]): ContrastiveExample => [row(text), row(same), row(other)],
    )
    const learned = {
      unsupervised: await learn(context, base, { examples: alone, steps: 250, learningRate: 1e-4 }),
      supervised: await learn(context, base, { examples: triples, steps: 250, learningRate: 5e-4 }),
    }
    const measured: Record<string, number> = { before }
    for (const [name, saved] of Object.entries(learned)) {
      measured[name] = 100 * (await agreement(saved, runtime, test))
      measured[`${name}Gain`] = measured[name] - before
      print(`${name}: ${measured[name].toFixed(2)}`)
    }
    return measured
  },
}

/** A BERT whose vectors have learned by contrast; it takes a minute, and begins anew where it was killed. */
async function learn(
  { seed, quick, runtime, signal }: RecipeContext,
  base: SavedBERT,
  {
    examples,
    steps: all,
    learningRate,
  }: { examples: readonly ContrastiveExample[]; steps: number; learningRate: number },
): Promise<SavedBERT> {
  const steps = quick ? 2 : all
  const training = await trainContrastive(base.model, {
    ...{ runtime, weights: base.weights, examples, steps, seed, ...contrast, ...(quick && { batchSize: 4 }) },
    optimizer: adamW({ beta2: 0.999, weightDecay: 0.01 }),
    learningRate: warmUp(Math.round(steps / 10), linear(learningRate, 0, steps)),
  })
  for await (const _ of training.events) signal?.throwIfAborted()
  const weights = new Map([...base.weights, ...(await training.state()).weights])
  await training.release()
  return withoutHeads({ ...base, weights })
}

/** Spearman's correlation of the cosines of pairs with what people said. */
async function agreement(
  saved: SavedBERT,
  runtime: RecipeContext['runtime'],
  pairs: readonly ScoredText[],
): Promise<number> {
  const encoder = bertEncoder(saved, runtime)
  const [ones, others] = [
    await encoder.embed(pairs.map(({ text }) => text)),
    await encoder.embed(pairs.map(({ second = '' }) => second)),
  ]
  await encoder.release()
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0)
  const cosines = ones.map((one, i) => dot(one, others[i]) / Math.sqrt(dot(one, one) * dot(others[i], others[i])))
  return spearman(
    cosines,
    pairs.map(({ score }) => score),
  )
}

const textsOf = ({ text, second }: Omit<LabelledText, 'label'>): string[] =>
  second === undefined ? [text] : [text, second]

/** Of each premise: what follows from it, and what contradicts it. */
function tripletsOf(pairs: readonly LabelledText[]): (readonly [premise: string, entailed: string, denied: string])[] {
  const [entailment, contradiction] = [0, 2]
  const ofPremise = (label: number) => {
    const found = new Map<string, string[]>()
    for (const pair of pairs)
      if (pair.label === label) found.set(pair.text, [...(found.get(pair.text) ?? []), pair.second!])
    return found
  }
  const denied = ofPremise(contradiction)
  return [...ofPremise(entailment)].flatMap(([premise, entailed]) =>
    entailed.flatMap((text, i) => {
      const others = denied.get(premise) ?? []
      return others.length === 0 ? [] : [[premise, text, others[i % others.length]] as const]
    }),
  )
}

async function captions({ dataset }: RecipeContext): Promise<string[]> {
  const file = (await dataset('multi30k')).find(fetched => fetched.file.name === 'train.en.gz')
  if (file === undefined) throw new TypeError('Multi30k has no train.en.gz')
  return allOf(linesOf(fetchedText(file)))
}

/** Lines of Wikipedia: a sentence or a paragraph each. */
async function paragraphs({ dataset }: RecipeContext): Promise<string[]> {
  const text = datasetText(findDataset('english-wikipedia'), await dataset('english-wikipedia'))
  return (await allOf(linesOf(text))).filter(line => line.trim().length > 40)
}

async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

/** Each a document, in a random order. */
function documents(texts: readonly string[]): TextSource {
  const shuffled = new Random(1, 'documents').shuffle([...texts])
  return {
    name: 'English texts',
    async *chunks() {
      for (let i = 0; i < shuffled.length; i += 500) yield `${shuffled.slice(i, i + 500).join('\n\n')}\n\n`
    },
  }
}
