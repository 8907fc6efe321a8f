/**
 * word2vec on 3.8 million words of English (Wikipedia and books, letters only) and on the four classic Chinese novels:
 * skip-gram with negative sampling, 100 channels, window 5, 5 negative samples, 5 epochs, one thread.
 */
import {
  analogyAccuracy,
  datasetText,
  findDataset,
  intlSegmenter,
  loadTokens,
  mapWords,
  memoryStorage,
  memoryText,
  parseAnalogies,
  parseRatedPairs,
  readWordVectors,
  type Segmenter,
  scatterChart,
  spaceSegmenter,
  type TextSource,
  trainWord2vec,
  type Word2vecOptions,
  type WordVectors,
  word2vecDefaults,
  wordSimilarity,
} from '../src/index.ts'
import type { Recipe, RecipeContext } from './recipe.ts'

const english = ['english-wikipedia', 'wikitext-2', 'english-books']

export const recipe: Recipe = {
  name: 'word2vec',
  year: 2013,
  title: {
    en: 'skip-gram with negative sampling (100 channels, window 5, 5 epochs) on 3.8 M English words and four Chinese novels',
    zh: '带负采样的 skip-gram（100 维、窗口 5、5 轮），语料为 380 万词的英文和四大名著',
  },
  datasets: [...english, 'chinese-novels', 'word-analogies', 'word-similarities', 'chinese-analogies'],
  seeds: 3,
  measures: [
    {
      name: 'analogies',
      title: "Google's analogies, of the 10,869 that the vocabulary covers, % right",
      better: 'higher',
      bound: 10.08, // one point below gensim
      published: { value: 11.08, source: 'gensim 4.4 on the same text, mean of 3 seeds' },
    },
    { name: 'wordSim', title: 'WordSim-353, rank correlation', better: 'higher' },
    { name: 'simLex', title: 'SimLex-999, rank correlation', better: 'higher' },
    { name: 'men', title: 'MEN, rank correlation', better: 'higher' },
    { name: 'chineseAnalogies', title: 'CA8 after the four novels, of those covered, % right', better: 'higher' },
    { name: 'chineseCovered', title: 'CA8: questions that the vocabulary of the novels covers', better: 'higher' },
  ],
  remarks: `CA8 asks for provinces, companies and reduplicated verbs of today; the novels were written between the 14th and the
18th century, so that their vocabulary covers few of its questions. No numbers are published for this
text: gensim's was measured with the same words and settings, by bench/peers/gensim-word2vec.py.`,
  async run(context) {
    const { quick, dataset, print, save } = context
    const text = await englishWords(dataset, quick ? 60_000 : undefined)
    const vectors = await learn(memoryText(text, 'English'), spaceSegmenter, 'none', context)
    const readAll = async (name: string) => {
      const files = await dataset(name)
      return Promise.all(files.map(async file => contentOf(datasetText(findDataset(name), [file]))))
    }
    const [questions] = await readAll('word-analogies')
    const { accuracy, covered } = analogyAccuracy(vectors, parseAnalogies(questions, 'word-analogies'))
    print(
      `English: ${vectors.words.length} words, ${covered} analogies covered, ${(100 * accuracy).toFixed(2)} % right`,
    )
    const pairs = await readAll('word-similarities')
    const correlations = pairs.map(file => wordSimilarity(vectors, parseRatedPairs(file, 'word-similarities')))
    const [wordSim, simLex, men] = correlations.map(({ spearman }) => spearman)

    const novels = datasetText(findDataset('chinese-novels'), await dataset('chinese-novels'))
    const source = quick ? memoryText((await contentOf(novels)).slice(0, 60_000), 'novels') : novels
    const chinese = await learn(source, intlSegmenter('zh'), 'lines', context)
    const sections = (await readAll('chinese-analogies')).flatMap(file => parseAnalogies(file, 'chinese-analogies'))
    const ca8 = analogyAccuracy(chinese, sections)
    print(
      `Chinese: ${chinese.words.length} words, ${ca8.covered} analogies covered, ${(100 * ca8.accuracy).toFixed(2)} % right`,
    )

    await save('english.svg', await chart(vectors, englishThemes))
    await save('chinese.svg', await chart(chinese, chineseThemes))
    return {
      ...{ analogies: 100 * accuracy, wordSim, simLex, men },
      ...{ chineseAnalogies: 100 * ca8.accuracy, chineseCovered: ca8.covered },
    }
  },
}

/** The English text as small letters between spaces, as text8 is; or only its first words. */
export async function englishWords(dataset: RecipeContext['dataset'], count?: number): Promise<string> {
  let text = ''
  for (const name of english) {
    const files = await dataset(name)
    for (const file of files) text += `${await contentOf(datasetText(findDataset(name), [file]))} `
  }
  const words = text.toLowerCase().match(/[a-z]+/g) ?? []
  return words.slice(0, count).join(' ')
}

async function contentOf(source: TextSource): Promise<string> {
  let text = ''
  for await (const chunk of source.chunks()) text += chunk
  return text
}

/** Trains from nothing, in memory. */
async function learn(
  text: TextSource,
  segmenter: Segmenter,
  sentences: Word2vecOptions['sentences'],
  { seed, quick, signal, print }: Pick<RecipeContext, 'seed' | 'quick' | 'signal' | 'print'>,
): Promise<WordVectors> {
  const storage = memoryStorage()
  const options = word2vecDefaults({ sentences, seed, epochs: quick ? 1 : 5, channels: quick ? 20 : 100 })
  const openTokens = (name: string) => loadTokens(storage, name)
  for await (const event of trainWord2vec({ storage, options, text, segmenter, openTokens, threads: 1, signal })) {
    if (event.type === 'progress' && event.chunk === event.chunks)
      print(`${text.name}: loss ${event.loss.toFixed(3)}, ${event.wordsPerSecond} words/s at the end`)
  }
  return readWordVectors(storage, 'vectors.bin')
}

const englishThemes = {
  kin: ['father', 'mother', 'son', 'daughter', 'brother', 'sister', 'husband', 'wife', 'child', 'uncle'],
  sea: ['ship', 'whale', 'captain', 'sea', 'boat', 'sailor', 'ocean', 'wind', 'harpoon', 'deck'],
  nature: ['species', 'plants', 'animals', 'birds', 'flowers', 'seeds', 'insects', 'leaves', 'roots', 'trees'],
  rule: ['king', 'queen', 'prince', 'emperor', 'army', 'general', 'war', 'government', 'president', 'officer'],
}
const chineseThemes = {
  红楼梦: ['宝玉', '黛玉', '宝钗', '贾母', '凤姐', '袭人', '探春', '贾政', '王夫人', '湘云'],
  三国演义: ['曹操', '刘备', '孔明', '关公', '张飞', '孙权', '吕布', '周瑜', '赵云', '司马懿'],
  水浒传: ['宋江', '李逵', '武松', '林冲', '吴用', '卢俊义', '鲁智深', '燕青', '戴宗', '柴进'],
  西游记: ['行者', '八戒', '唐僧', '沙僧', '菩萨', '妖精', '大圣', '悟空', '师父', '如来'],
}

/** A map of the words of each theme that have vectors; the most frequent words where hardly any has. */
async function chart(vectors: WordVectors, themes: Readonly<Record<string, readonly string[]>>): Promise<string> {
  const named = Object.entries(themes).map(([name, words]) => {
    const ids = words.flatMap(word => vectors.find(word) ?? [])
    return { name, ids: [...new Set(ids)] }
  })
  const known = named.flatMap(({ ids }) => ids)
  const groups = known.length >= 3 ? named : [{ name: 'frequent', ids: [...vectors.words.keys()].slice(0, 50) }]
  const { words, shown } = mapWords(vectors, [...new Set(groups.flatMap(({ ids }) => ids))])
  const place = new Map(words.map(({ word, x, y }) => [word, { x, y, label: word }]))
  return scatterChart({
    title: `Two principal components: ${(100 * shown).toFixed(0)} % of the variance`,
    groups: groups.map(({ name, ids }) => ({ name, points: ids.flatMap(id => place.get(vectors.words[id]) ?? []) })),
  })
}
