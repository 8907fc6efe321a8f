import { UnknownNameError } from '../base/options.ts'
import { agNews } from './ag-news.ts'
import { alpaca, alpacaChinese } from './alpaca.ts'
import { babi } from './babi.ts'
import { charrnnShakespeare } from './charrnn-shakespeare.ts'
import {
  harmless,
  identity,
  kdconv,
  preferences,
  preferencesChinese,
  shareGPTChinese,
  toolCalls,
  toolCallsChinese,
} from './chat-datasets.ts'
import { chatterbotChinese, chatterbotEnglish } from './chatterbot.ts'
import { chineseNovels } from './chinese-novels.ts'
import { chinesePoetry } from './chinese-poetry.ts'
import { chnsenticorp } from './chnsenticorp.ts'
import { cola } from './cola.ts'
import type { Dataset } from './dataset.ts'
import { dolly } from './dolly.ts'
import { englishBooks } from './english-books.ts'
import { englishWikipedia } from './english-wikipedia.ts'
import { gsm8k } from './gsm8k.ts'
import { lccc } from './lccc.ts'
import { mnist } from './mnist.ts'
import { mrpc } from './mrpc.ts'
import { multi30k } from './multi30k.ts'
import { names } from './names.ts'
import { ocnli } from './ocnli.ts'
import { rte } from './rte.ts'
import { selfInstruct, selfInstructChinese } from './self-instruct.ts'
import {
  smallWorldBilingual,
  smallWorldChat,
  smallWorldChinese,
  smallWorldEnglish,
  smallWorldSorting,
} from './small-world-text.ts'
import { snli } from './snli.ts'
import { sst2 } from './sst2.ts'
import { stopwordsZh } from './stopwords-zh.ts'
import { stories260K } from './stories260k.ts'
import { stsb } from './stsb.ts'
import { tatoeba } from './tatoeba.ts'
import { thucnewsTitles } from './thucnews-titles.ts'
import { tinyshakespeare } from './tinyshakespeare.ts'
import { wikitext2 } from './wikitext-2.ts'
import { chineseAnalogies, wordAnalogies, wordSimilarities } from './word-benchmarks.ts'

/** Every dataset that `nacre data` knows: one file and one line each. */
export const catalog: readonly Dataset[] = [
  tinyshakespeare,
  names,
  chineseNovels,
  chinesePoetry,
  englishBooks,
  wikitext2,
  englishWikipedia,
  mnist,
  sst2,
  agNews,
  chnsenticorp,
  thucnewsTitles,
  cola,
  mrpc,
  rte,
  snli,
  ocnli,
  stsb,
  babi,
  gsm8k,
  stopwordsZh,
  smallWorldEnglish,
  smallWorldChinese,
  smallWorldBilingual,
  smallWorldChat,
  smallWorldSorting,
  wordAnalogies,
  wordSimilarities,
  chineseAnalogies,
  multi30k,
  tatoeba,
  chatterbotEnglish,
  chatterbotChinese,
  lccc,
  kdconv,
  alpaca,
  alpacaChinese,
  dolly,
  selfInstruct,
  selfInstructChinese,
  toolCalls,
  toolCallsChinese,
  identity,
  shareGPTChinese,
  preferences,
  preferencesChinese,
  harmless,
  charrnnShakespeare,
  stories260K,
]

/**
 * A dataset by its name.
 * @throws {OptionError} if there is none, with the nearest name
 */
export function findDataset(name: string): Dataset {
  const dataset = catalog.find(candidate => candidate.name === name)
  if (dataset === undefined)
    throw new UnknownNameError(
      'dataset',
      name,
      catalog.map(candidate => candidate.name),
    )
  return dataset
}
