/**
 * Language models against the limit itself. Stories of the small world come from a grammar, so their entropy is known
 * exactly; no model can do with fewer bits. Each model of the line learns stories that it has never seen twice and is
 * measured on stories of another seed.
 *
 * What is compared: independent documents, each scored by itself from its first character to the empty line that ends it.
 * So nothing lies beyond a model's context, and the entropy of a document divided by its expected bytes is the limit.
 */
import {
  adamW,
  compile,
  cosine,
  crossEntropy,
  type Feeds,
  fit,
  type HostTensor,
  host,
  initialWeights,
  input,
  type Language,
  lineChart,
  namedParameters,
  type Program,
  parameterCount,
  parameterNames,
  Random,
  smallWorld,
  smallWorldEntropy,
  smallWorldLogProbability,
  type TimelineEntry,
  timeline,
  tokenLosses,
  trainCharacters,
  warmUp,
} from '../src/index.ts'
import type { Measure, Recipe, RecipeContext } from './recipe.ts'

const languages = ['en', 'zh'] as const
const languageNames = { en: 'English', zh: 'Chinese' } as const

/** What the models are made of; each takes what it knows. */
const attentionSize = { layers: 4, heads: 4, channels: 128, bias: true }
const recurrentSize = { layers: 2, hiddenSize: 256, embeddingSize: 64 }
const quickSize = { layers: 1, heads: 1, channels: 16, hiddenSize: 16, embeddingSize: 16 }
const attentionRate = 3e-3
const recurrentRate = 3e-3
const batchSize = 8
const documentsToScore = 3000

/** The length of a story in characters is rounded up to a multiple of this; batches hold stories of one length. */
const lengthSteps: Readonly<Record<Language, number>> = { en: 32, zh: 16 }
const steps: Readonly<Record<Language, number>> = { en: 5000, zh: 5000 }

const measures: Measure[] = timeline.flatMap(({ name }) =>
  languages.map(language => ({
    name: `${name}-${language}`,
    title: `${name}, ${languageNames[language]} stories: bits above the exact entropy, %`,
    better: 'lower' as const,
    ...(name === 'gpt2' && { bound: 3 }),
  })),
)

export const recipe: Recipe = {
  name: 'entropy',
  title: {
    en: 'every language model on stories of the small world, against their exact entropy',
    zh: '各语言模型学习“小世界”的故事，与其精确的熵对照',
  },
  datasets: [],
  seeds: 1,
  measures,
  async run(context) {
    const measured: Record<string, number> = {}
    for (const language of languages) {
      const stories = await prepare(language, context)
      const { bitsPerByte } = smallWorldEntropy(kindOf(context.quick), language)
      context.print(`${languageNames[language]}: exact entropy ${bitsPerByte.toFixed(4)} bits per byte`)
      context.print(
        `${stories.heldOut.length} held-out stories have ${stories.exactBitsPerByte.toFixed(4)} bits per byte, ` +
          `${(100 * (stories.exactBitsPerByte / bitsPerByte - 1)).toFixed(2)} % from it by chance`,
      )
      const curves: Curve[] = []
      for (const entry of timeline) {
        const curve = await learn(entry, stories, context)
        curves.push(curve)
        measured[`${entry.name}-${language}`] = 100 * (curve.excess - 1)
        context.print(rowOf(curve, bitsPerByte))
      }
      await context.save(`entropy-${language}.svg`, await plot(language, curves, bitsPerByte))
    }
    return measured
  },
}

/** A story as token ids, after the line break that ends the one before. */
interface Encoded {
  readonly ids: Int32Array
  /** -log2 P under the grammar; only where it is asked for. */
  readonly exactBits: number
}

interface Stories {
  readonly language: Language
  readonly vocabulary: number
  readonly context: number
  /** Lengths are multiples of this. */
  readonly lengthStep: number
  /** Batches of equally long rows, in a random order. */
  readonly batches: readonly { readonly tokens: number; readonly stories: readonly Encoded[] }[]
  readonly heldOut: readonly Encoded[]
  readonly heldOutBytes: number
  readonly exactBitsPerByte: number
}

const roundedUp = (length: number, multiple: number) => Math.ceil(length / multiple) * multiple

/** Reviews are short. */
const kindOf = (quick: boolean) => (quick ? 'sentiment' : 'story')

/** Stories to learn from and held-out ones, in tokens. */
async function prepare(language: Language, { seed, quick }: RecipeContext): Promise<Stories> {
  const lengthStep = lengthSteps[language] * (quick ? 4 : 1)
  const learned = quick ? 40 : (steps[language] + 20) * batchSize // some batches stay incomplete
  const documents = quick ? 8 : documentsToScore
  const kind = kindOf(quick)
  const texts = [...smallWorld({ seed: 2 * seed, language, kind, documents: learned }).documents()]
  const heldOutTexts = [...smallWorld({ seed: 2 * seed + 1, language, kind, documents }).documents()]
  const tokenizer = await trainCharacters([...texts, ...heldOutTexts])
  const encode = (text: string, exactBits = Number.NaN): Encoded => ({ ids: tokenizer.encode(`\n${text}`), exactBits })

  const byLength = new Map<number, Encoded[]>()
  for (const text of texts) {
    const story = encode(text)
    const tokens = roundedUp(story.ids.length - 1, lengthStep)
    byLength.set(tokens, [...(byLength.get(tokens) ?? []), story])
  }
  const batches = [...byLength].flatMap(([tokens, stories]) =>
    Array.from({ length: Math.floor(stories.length / batchSize) }, (_, i) => ({
      tokens,
      stories: stories.slice(i * batchSize, (i + 1) * batchSize),
    })),
  )
  const heldOut = heldOutTexts.map(text => encode(text, -smallWorldLogProbability(text, kind, language)))
  const heldOutBytes = heldOutTexts.reduce((sum, text) => sum + new TextEncoder().encode(text).length, 0)
  return {
    language,
    lengthStep,
    vocabulary: tokenizer.vocabularySize,
    context: Math.max(
      ...[...byLength.values(), heldOut].flat().map(({ ids }) => roundedUp(ids.length - 1, lengthStep)),
    ),
    batches: new Random(seed, 'order').shuffle(batches),
    heldOut,
    heldOutBytes,
    exactBitsPerByte: heldOut.reduce((sum, { exactBits }) => sum + exactBits, 0) / heldOutBytes,
  }
}

/** Inputs and what follows each, in equally long rows; -1 where a story has ended. */
function feedsOf(stories: readonly Encoded[], tokens: number): { ids: HostTensor; targets: HostTensor } {
  const shape = [batchSize, tokens] as const
  const ids = new BigInt64Array(batchSize * tokens)
  const targets = new BigInt64Array(batchSize * tokens).fill(-1n)
  for (const [row, story] of stories.entries()) {
    for (let i = 0; i + 1 < story.ids.length; i++) {
      ids[row * tokens + i] = BigInt(story.ids[i])
      targets[row * tokens + i] = BigInt(story.ids[i + 1])
    }
  }
  return { ids: host('int64', shape, ids), targets: host('int64', shape, targets) }
}

/** A model that learns. */
interface Curve {
  readonly name: string
  readonly parameters: number
  readonly seconds: number
  /** The model's bits by the exact ones of the same stories: after how many stories, and at the end of all held-out ones. */
  readonly points: readonly (readonly [stories: number, ratio: number])[]
  readonly excess: number
}

async function learn(entry: TimelineEntry, stories: Stories, context: RecipeContext): Promise<Curve> {
  const { seed, quick, runtime, signal } = context
  const { batches, language } = stories
  const size = {
    ...attentionSize,
    ...recurrentSize,
    ...(!entry.carriesState && attentionSize),
    ...(quick && quickSize),
  }
  const model = entry.create({ ...size, vocabulary: stories.vocabulary, context: stories.context })
  const parameters = namedParameters(model)
  const total = quick ? 2 : steps[language]
  const warmUpSteps = Math.min(100, Math.floor(total / 2))
  const learningRate = entry.carriesState ? recurrentRate : attentionRate

  const inputs = (tokens: number) =>
    [input('ids', [batchSize, tokens], 'int64'), input('targets', [batchSize, tokens], 'int64')] as const
  const scored = await scorer(stories, context, tokens => {
    const [ids, targets] = inputs(tokens)
    const loss = tokenLosses(model.logits(ids), targets).sum()
    return compile(runtime, { loss }, { parameterNames: parameterNames(parameters) })
  })
  const started = performance.now()
  const fitted = await fit({
    ...{ runtime, parameters, weights: initialWeights(parameters, seed), steps: total, clip: 1 },
    loss: bucket => {
      const [ids, targets] = inputs(Number(bucket))
      return crossEntropy(model.logits(ids), targets)
    },
    batch: step => {
      const { tokens, stories: rows } = batches[step % batches.length]
      return { feeds: [feedsOf(rows, tokens)], items: batchSize, bucket: String(tokens) }
    },
    optimizer: adamW({ beta2: 0.99, weightDecay: 0.1 }),
    learningRate: warmUp(warmUpSteps, cosine(learningRate, learningRate / 30, total - warmUpSteps)),
    evaluateEvery: Math.ceil(total / 20),
    evaluate: (weights, whole) => scored.evaluate(weights, whole),
  })
  const points: [number, number][] = []
  for await (const event of fitted.events) {
    signal?.throwIfAborted()
    if (event.type === 'validation') points.push([event.step * batchSize, event.loss])
  }
  await Promise.all([fitted.release(), scored.release()])
  const seconds = (performance.now() - started) / 1000
  return { name: entry.name, parameters: parameterCount(model), seconds, points, excess: points.at(-1)![1] }
}

/** Scores held-out stories: a model's bits divided by the exact ones of the same stories. */
async function scorer(
  { heldOut, lengthStep }: Stories,
  { quick }: RecipeContext,
  compileFor: (tokens: number) => Promise<Program>,
): Promise<{ evaluate(weights: Feeds, whole: boolean): Promise<number>; release(): Promise<void> }> {
  const programs = new Map<number, Program>()
  return {
    async evaluate(weights, whole) {
      const sample = whole || quick ? heldOut : heldOut.slice(0, 240)
      const byLength = Map.groupBy(sample, ({ ids }) => roundedUp(ids.length - 1, lengthStep))
      let nats = 0
      for (const [tokens, stories] of byLength) {
        const program = programs.get(tokens) ?? (await compileFor(tokens))
        programs.set(tokens, program)
        for (let i = 0; i < stories.length; i += batchSize) {
          const { loss } = await program.run({ ...weights, ...feedsOf(stories.slice(i, i + batchSize), tokens) })
          nats += (loss as HostTensor).data[0] as number
        }
      }
      return nats / Math.LN2 / sample.reduce((sum, { exactBits }) => sum + exactBits, 0)
    },
    release: async () => {
      for (const program of programs.values()) await program.release()
    },
  }
}

function rowOf({ name, parameters, seconds, excess }: Curve, entropy: number): string {
  return [
    `  ${name.padEnd(6)} ${parameters.toLocaleString('en-US').padStart(9)} parameters`,
    `${seconds.toFixed(0).padStart(5)} s`,
    `${(excess * entropy).toFixed(4)} bits per byte, ${(100 * (excess - 1)).toFixed(1)} % above the entropy`,
  ].join('  ')
}

function plot(language: Language, curves: readonly Curve[], entropy: number): Promise<string> {
  const last = Math.max(...curves.flatMap(({ points }) => points.map(([stories]) => stories)))
  return lineChart({
    title: `${languageNames[language]} stories of the small world`,
    x: { label: 'stories learned from', minimum: 0 },
    y: { label: 'bits per byte' },
    series: [
      ...curves.map(({ name, points }) => ({
        name,
        points: points.map(([stories, ratio]): [number, number] => [stories, ratio * entropy]),
      })),
      {
        name: 'exact entropy',
        points: [
          [0, entropy],
          [last, entropy],
        ],
        dashed: true,
        dots: false,
      },
    ],
  })
}
