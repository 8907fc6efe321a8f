/**
 * Learning in context: accuracy against the number of examples in the prompt. Brown et al., Language Models are Few-Shot
 * Learners, 2020, section 2 and figure 1.2. On the small world: words sorted into two groups, by signs that mean nothing
 * elsewhere, of pairs of groups that the model never read. On a real task: SST-2, asked of the published stories260K.
 */
import {
  datasetText,
  evaluateLanguageModel,
  type FetchedFile,
  findDataset,
  findTask,
  greedyWriter,
  type LineSeries,
  Llama,
  lineChart,
  lookUpWeights,
  readLlama2c,
  type SavedModel,
  trainByteLevelBPE,
  wilson,
} from '../src/index.ts'
import { learnRecords, type RecordLearning } from './fine-tuning.ts'
import type { Recipe, RecipeContext } from './recipe.ts'
import { wholeText } from './texts.ts'

const shotCounts = [0, 1, 4, 16]
const size = {
  ...{ layers: 3, heads: 3, keyValueHeads: 3, channels: 96, hidden: 128, context: 96 },
  ...{ rotaryBase: 10_000, epsilon: 1e-5, tied: true },
} as const
/** Each document by itself, once. */
const training: RecordLearning['options'] = {
  ...{ epochs: 1, batchSize: 8, dropout: 0, validationFraction: 0.01, weightDecay: 0.01, warmUp: 0.03 },
  ...{ optimizer: 'muon', learningRate: 1e-3, finalLearningRate: 1e-4, evaluateEvery: 500, saveEvery: 500 },
}
const worlds = { english: 'small-world-sorting', chinese: 'small-world-sorting-zh' } as const

export const recipe: Recipe = {
  name: 'few-shot',
  year: 2020,
  title: {
    en: 'few-shot: accuracy with 0, 1, 4 and 16 examples in the prompt, on sorting words of the small world and on SST-2',
    zh: '少样本：提示里有 0、1、4、16 个示例时的准确率，任务为小世界的词语分组与 SST-2',
  },
  datasets: ['stories260k', 'sst2'],
  seeds: 3,
  measures: [
    ...(['english', 'chinese'] as const).flatMap(name =>
      shotCounts.map(shots => ({
        ...{ name: `${name}${shots}`, better: 'higher' as const },
        title: `words sorted, ${name === 'english' ? 'English' : 'Chinese'}, ${shots} examples: accuracy, %`,
      })),
    ),
    {
      name: 'growth',
      title: 'points that 16 examples add to none, the lesser of both languages',
      better: 'higher',
      bound: 20,
    },
    ...[0, 1, 4, 16].map(shots => ({
      ...{
        name: `sst2${shots}`,
        title: `SST-2, stories260K, ${shots} examples: accuracy, %`,
        better: 'higher' as const,
      },
    })),
  ],
  remarks: `Three pairs of groups of words (people and places; things and moods; colours and animals) stand in no text that the model
learned. 500 lines of 250 documents are asked in each language, with lines of the same document as examples; two signs are to choose
from, so 50 % is chance. The model (0.4 million parameters, 8,000 documents in each language, each by itself) begins with weights
that look things up (decision 0018): from random ones it stays at chance with any number of examples (46 to 49 %, seed 1). SST-2 is asked of a published model of 260,000 parameters that has read children's stories only: chance is 50 % there too.
Intervals of 95 % are in what the recipe prints, and in its plot.`,
  async run(context) {
    const { quick, save } = context
    const text = await wholeText(datasetText(findDataset('small-world-sorting'), []))
    const documents = text.split(/\n{2,}/).slice(0, quick ? 200 : undefined)
    const sorter = await learnRecords(context, {
      folder: 'sorting',
      base: await freshSorter(documents.slice(0, 3000), context.seed),
      records: documents.map((text, i) => ({ kind: 'text', text, where: `document ${i + 1}` })),
      options: training,
    })
    const stories = await publishedStories(await context.dataset('stories260k'))
    const measured: Record<string, number> = {}
    const curves: LineSeries[] = []
    const asked = [
      ...Object.entries(worlds).map(([name, task]) => ({ name, task, model: sorter })),
      { name: 'sst2', task: 'sst2', model: stories },
    ]
    for (const { name, task, model } of asked) {
      const points: [number, number][] = []
      const intervals: [number, number, number][] = []
      for (const shots of shotCounts) {
        const { accuracy, interval } = await accuracyOf(context, model, task, shots)
        measured[`${name}${shots}`] = accuracy
        points.push([shots, accuracy])
        intervals.push([shots, ...interval])
      }
      curves.push({ name: task, points, intervals })
    }
    await save(
      'few-shot.svg',
      await lineChart({
        title: 'Accuracy against examples in the prompt\nwith intervals of 95 %',
        x: { label: 'examples in the prompt' },
        y: { label: 'accuracy, %', minimum: 40, maximum: 100 },
        series: curves,
      }),
    )
    const growth = Math.min(...Object.keys(worlds).map(name => measured[`${name}16`] - measured[`${name}0`]))
    return { ...measured, growth }
  },
}

/** Weights that look things up, in a model for which each word is a token. */
async function freshSorter(documents: readonly string[], seed: number): Promise<SavedModel> {
  const tokenizer = await trainByteLevelBPE(documents, { vocabularySize: 1000, specialTokens: ['<|endoftext|>'] })
  const model = new Llama({ ...size, vocabulary: tokenizer.vocabularySize })
  return { model, tokenizer, weights: lookUpWeights(model, seed) }
}

/** In percent, with its interval of 95 %. */
async function accuracyOf(
  { runtime, dataset, quick, print, seed, signal }: RecipeContext,
  saved: SavedModel,
  taskName: string,
  shots: number,
): Promise<{ readonly accuracy: number; readonly interval: readonly [low: number, high: number] }> {
  const task = findTask(taskName)
  const files = task.dataset === undefined ? [] : await dataset(task.dataset.name)
  const data = await task.read!(files, {})
  const writer = greedyWriter({ ...saved, runtime })
  const asked = { shots, seed, limit: quick ? 8 : 500, signal, skipForeign: true }
  const { outcomes } = await evaluateLanguageModel({ ...saved, runtime, writer }, task, data, asked)
  await writer.release()
  const right = outcomes.filter(({ label, prediction }) => label === prediction).length
  const [low, high] = wilson(right, outcomes.length).map(share => 100 * share)
  const accuracy = (100 * right) / outcomes.length
  const cut = outcomes.filter(outcome => (outcome.cut ?? 0) > 0).length
  print(
    `${taskName}, ${shots} examples: ${accuracy.toFixed(1)} % (${low.toFixed(1)} to ${high.toFixed(1)})${cut > 0 ? `, ${cut} prompts cut` : ''}`,
  )
  return { accuracy, interval: [low, high] }
}

async function publishedStories(files: readonly FetchedFile[]): Promise<SavedModel> {
  const [checkpoint, tokenizer] = await Promise.all(
    ['stories260K.bin', 'tok512.bin'].map(async name => {
      const { storage, location, name: stored } = files.find(({ file }) => file.name === name)!
      return { name: location, bytes: await storage.read(stored) }
    }),
  )
  return readLlama2c(checkpoint, tokenizer)
}
