import type { Dataset } from './dataset.ts'
import { type FetchedFile, fetchedText, fileOf } from './get.ts'
import { linesOf } from './text.ts'

const lists = 'https://raw.githubusercontent.com/goto456/stopwords/bf8b03b9d3709222804ae89578156d1a0d8bf2b2'

/** Four lists in wide use: of Baidu, of unknown origin, of Harbin Institute of Technology, of Sichuan University. */
export const stopwordsZh: Dataset = {
  name: 'stopwords-zh',
  description: 'four lists of Chinese stop words',
  language: 'zh',
  licence: 'not stated',
  mirrorFolder: 'stopwords_zh',
  files: [
    {
      name: 'cn_stopwords.txt',
      url: `${lists}/cn_stopwords.txt`,
      bytes: 4_717,
      sha256: '5c8d5dd24906615de61ae4056f9261b6fb9f42f58bc75f442fe1032b511dc04b',
    },
    {
      name: 'baidu_stopwords.txt',
      url: `${lists}/baidu_stopwords.txt`,
      bytes: 9_131,
      sha256: 'b11ff810ee5c8934dc46b57f3a1ba85457e3893e89acdafb5cd286570fe793a3',
    },
    {
      name: 'hit_stopwords.txt',
      url: `${lists}/hit_stopwords.txt`,
      bytes: 5_273,
      sha256: '84e526454db0245cab0d167df067f00298d271ad2c86391d45f5e880c422cbae',
    },
    {
      name: 'scu_stopwords.txt',
      url: `${lists}/scu_stopwords.txt`,
      bytes: 7_597,
      sha256: '2c325256276f2c4ed5ec076178c08494af7a46bf44d0b9be2fc0214d5b606d41',
    },
  ],
}

/**
 * The words of one list.
 * @throws {DataError} if its file is missing
 */
export async function readStopwordsZh(
  files: readonly FetchedFile[],
  list: 'cn' | 'baidu' | 'hit' | 'scu' = 'hit',
): Promise<ReadonlySet<string>> {
  const words = new Set<string>()
  for await (const line of linesOf(fetchedText(fileOf(stopwordsZh, files, `${list}_stopwords.txt`)))) {
    if (line.trim() !== '') words.add(line.trim())
  }
  return words
}
