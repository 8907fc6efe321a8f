/** The running Chinese of today in the catalog: dialogues, instructions with answers, reviews, headlines, premises. */
import {
  datasetText,
  findDataset,
  linesOf,
  Random,
  RecordProblems,
  readChatDataset,
  readChnSentiCorp,
  readOcnli,
  readThucnewsTitles,
  type TextSource,
} from '../src/index.ts'
import type { RecipeContext } from './recipe.ts'

type Datasets = Pick<RecipeContext, 'dataset'>

const chats = ['kdconv', 'lccc', 'alpaca-zh', 'sharegpt-zh']

export const chineseDatasets: readonly string[] = [...chats, 'tatoeba', 'ocnli', 'chnsenticorp', 'thucnews-titles']

/** A document is lines; documents that are not mostly Chinese (programs, translations) are left out. */
export async function chineseDocuments(context: Datasets): Promise<string[]> {
  const documents: string[] = []
  for (const name of chats) documents.push(...(await dialogues(context, name)))
  for await (const line of linesOf(datasetText(findDataset('tatoeba'), await context.dataset('tatoeba'))))
    documents.push(line.split('\t')[1] ?? '')
  const pairs = await readOcnli(await context.dataset('ocnli'))
  for (const { text, second } of pairs.train) documents.push(`${text}\n${second}`)
  return documents.filter(isChinese)
}

/** The texts that the tasks learn from, without their labels. */
export async function taskDocuments({ dataset }: Datasets): Promise<{ reviews: string[]; titles: string[] }> {
  const [reviews, titles] = [
    await readChnSentiCorp(await dataset('chnsenticorp')),
    await readThucnewsTitles(await dataset('thucnews-titles')),
  ]
  return { reviews: reviews.train.map(({ text }) => text), titles: titles.train.map(({ text }) => text) }
}

async function dialogues({ dataset }: Datasets, name: string): Promise<string[]> {
  const documents: string[] = []
  const problems = new RecordProblems() // faults of these datasets are known, and left out
  for await (const record of readChatDataset(findDataset(name), await dataset(name), problems)) {
    if (record.kind === 'conversation') documents.push(record.messages.map(({ content }) => content).join('\n'))
    if (record.kind === 'completion') documents.push(`${record.prompt}\n${record.completion}`)
  }
  return documents.map(text => text.replaceAll(/\n\s*\n/g, '\n'))
}

const isChinese = (text: string): boolean =>
  (text.match(/\p{Script=Han}/gu)?.length ?? 0) > 0.4 * text.replaceAll(/\s/g, '').length

/**
 * Documents in a random order with empty lines between them; the last part of them, which is held out, stands once, of the
 * others each as often as it is there.
 */
export function documentText(documents: readonly string[], held: number): TextSource {
  const random = new Random(1, 'documents')
  const different = random.shuffle([...new Set(documents)])
  const last = new Set(different.slice(-held))
  const rest = random.shuffle(documents.filter(text => !last.has(text)))
  const all = [...rest, ...last]
  return {
    name: 'Chinese texts',
    async *chunks() {
      for (let i = 0; i < all.length; i += 500) yield `${all.slice(i, i + 500).join('\n\n')}\n\n`
    },
  }
}
