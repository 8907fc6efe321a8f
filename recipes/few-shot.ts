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
  lineChart,
  readLlama2c,
  type SavedModel,
  trainByteLevelBPE,
  wilson,
} from '../src/index.ts'
import { preTrain } from './fine-tuning.ts'
import type { Recipe, RecipeContext } from './recipe.ts'
import { beginningOf } from './texts.ts'

const shotCounts = [0, 1, 4, 16]
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
from, so 50 % is chance. SST-2 is asked of a published model of 260,000 parameters that has read children's stories only: chance is 50 % there too.
Intervals of 95 % are in what the recipe prints.`,
  async run(context) {
    const { quick, save } = context
    const text = datasetText(findDataset('small-world-sorting'), [])
    const steps = quick ? 4 : 1500
    const sorter = await preTrain(context, {
      ...{
        modelName: 'llama',
        folder: 'sorting',
        text: quick ? await beginningOf(text, 30_000) : text,
      },
      options: {
        ...{
          layers: 3,
          heads: 4,
          keyValueHeads: 4,
          channels: 96,
          context: 128,
          tied: true,
          tokenizer: 'bpe',
          vocabulary: 700,
        },
        ...{ steps, batchSize: 16, optimizer: 'muon', learningRate: 5e-3, finalLearningRate: 5e-4, warmUp: 50 },
        ...{ validationFraction: 0.01, evaluateEvery: 500, saveEvery: 500, sampleEvery: 0 },
      },
      makeTokenizer: (source, { vocabulary }) =>
        trainByteLevelBPE(source.chunks(), { vocabularySize: vocabulary, specialTokens: ['<|endoftext|>'] }),
    })
    const stories = await publishedStories(await context.dataset('stories260k'))
    const measured: Record<string, number> = {}
    const curves: { readonly name: string; readonly points: readonly (readonly [number, number])[] }[] = []
    const asked = [
      ...Object.entries(worlds).map(([name, task]) => ({ name, task, model: sorter })),
      { name: 'sst2', task: 'sst2', model: stories },
    ]
    for (const { name, task, model } of asked) {
      const points: [number, number][] = []
      for (const shots of shotCounts) {
        const accuracy = await accuracyOf(context, model, task, shots)
        measured[`${name}${shots}`] = accuracy
        points.push([shots, accuracy])
      }
      curves.push({ name: task, points })
    }
    await save(
      'few-shot.svg',
      await lineChart({
        title: 'Accuracy against examples in the prompt',
        x: { label: 'examples in the prompt' },
        y: { label: 'accuracy, %', minimum: 40, maximum: 100 },
        series: curves,
      }),
    )
    const growth = Math.min(...Object.keys(worlds).map(name => measured[`${name}16`] - measured[`${name}0`]))
    return { ...measured, growth }
  },
}

/** In percent; the interval is printed. */
async function accuracyOf(
  { runtime, dataset, quick, print, seed, signal }: RecipeContext,
  saved: SavedModel,
  taskName: string,
  shots: number,
): Promise<number> {
  const task = findTask(taskName)
  const files = task.dataset === undefined ? [] : await dataset(task.dataset.name)
  const data = await task.read!(files, {})
  const writer = greedyWriter({ ...saved, runtime })
  const asked = { shots, seed, limit: quick ? 8 : 500, signal, skipForeign: true }
  const { outcomes } = await evaluateLanguageModel({ ...saved, runtime, writer }, task, data, asked)
  await writer.release()
  const right = outcomes.filter(({ label, prediction }) => label === prediction).length
  const [low, high] = wilson(right, outcomes.length).map(share => (100 * share).toFixed(1))
  const accuracy = (100 * right) / outcomes.length
  const cut = outcomes.filter(outcome => (outcome.cut ?? 0) > 0).length
  print(
    `${taskName}, ${shots} examples: ${accuracy.toFixed(1)} % (${low} to ${high})${cut > 0 ? `, ${cut} prompts cut` : ''}`,
  )
  return accuracy
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
