import type { Dataset, DatasetFile } from './dataset.ts'
import { type FetchedFile, fetchedText } from './get.ts'
import { jsonRecords } from './json-records.ts'
import { RecordProblems } from './records.ts'

const poetry =
  'https://raw.githubusercontent.com/chinese-poetry/chinese-poetry/99ebbef7e1345c0985c44b9fd96a3f9e776f117b'

const file = (name: string, folder: string, bytes: number, sha256: string): DatasetFile => ({
  name,
  url: `${poetry}/${encodeURIComponent(folder)}/${name.slice(name.indexOf('/') + 1)}`,
  bytes,
  sha256,
})

/** The Book of Songs, 3,000 ci of the Song in simplified characters, 10,000 poems of the Tang in traditional ones; JSON. */
export const chinesePoetry: Dataset = {
  name: 'chinese-poetry',
  description: '13,313 Chinese poems of the Zhou, Tang and Song, one document each',
  language: 'zh',
  licence: 'public domain',
  mirrorFolder: 'chinese_poetry',
  async *documents(files) {
    for await (const verses of readPoems(files)) yield verses.join('\n')
  },
  files: [
    file('shijing.json', '诗经', 156_972, '3c7ca54d59424542ada99adfcc85420287fbbd5c8a511e9baf705cb2b04051e7'),
    file('song_ci/ci.song.0.json', '宋词', 406_936, '7761bc5ef50305753ea3dcea9e1ef3164e153e3ee366169e9c5a9a7d85b21b22'),
    file(
      'song_ci/ci.song.1000.json',
      '宋词',
      368_986,
      '5f79a2d9011e6d414f04e51176c5d4f4c762fd784dce98b035968367b6f2ef4e',
    ),
    file(
      'song_ci/ci.song.2000.json',
      '宋词',
      389_037,
      'f700d8e14df62d371dfba7ce18bf1641c304540907b26b68d356c4b6b256fe8d',
    ),
    file(
      'tang/poet.tang.0.json',
      '全唐诗',
      408_405,
      '4f88f429938082523cdc72a1612bd7a7c3e3f7a33f8192c61ae51340efc3c92d',
    ),
    file(
      'tang/poet.tang.1000.json',
      '全唐诗',
      477_519,
      '6e703b8d8dcedbd6110f6d48d043665ca2131db2035a5bfcef5e59a19aeb6d75',
    ),
    file(
      'tang/poet.tang.2000.json',
      '全唐诗',
      417_948,
      'ec28efa7e2ae9cdbbba09f0ed186e32ccae47a325ad1e5816b7ad56071c1665a',
    ),
    file(
      'tang/poet.tang.3000.json',
      '全唐诗',
      453_811,
      '9e4ba2323752b6b9fbdba875cdbc6a26636fe0cabc85fd066370d4915952001f',
    ),
    file(
      'tang/poet.tang.4000.json',
      '全唐诗',
      488_655,
      'b8a7946c879b9658a6c667a4c55f776fae7e5e00a17789ab06b274c1429afc66',
    ),
    file(
      'tang/poet.tang.5000.json',
      '全唐诗',
      467_225,
      'a0306e6962cff01639ad9a00b042a201b8dec1f30fa5d768a7b112589887861e',
    ),
    file(
      'tang/poet.tang.6000.json',
      '全唐诗',
      470_031,
      '982a21d2b15922b406911f1c825785054314c686da86b2155d7aebb362d22771',
    ),
    file(
      'tang/poet.tang.7000.json',
      '全唐诗',
      474_558,
      'a6fb69d7b4343c904dc56ae5aae34facc2478d196b51c37ceba9d1e2f171b342',
    ),
    file(
      'tang/poet.tang.8000.json',
      '全唐诗',
      574_248,
      'ac3848e95b02736168003863795de4474838c2d6a71a24ca2a4a280ea5177773',
    ),
    file(
      'tang/poet.tang.9000.json',
      '全唐诗',
      476_882,
      'b99d6596e3a1fe1a661652383083f92d196b8baf4e461d087081d5e1e1b7a51f',
    ),
  ],
}

/**
 * The verses of each poem, by lines.
 * @throws {DataError} if a file is not such JSON
 */
export async function* readPoems(files: readonly FetchedFile[]): AsyncGenerator<readonly string[]> {
  const problems = new RecordProblems()
  for (const fetched of files) {
    for await (const { fields, where } of jsonRecords(fetchedText(fetched)).records(problems)) {
      const lines = fields.paragraphs ?? fields.content
      if (Array.isArray(lines) && lines.every(line => typeof line === 'string')) yield lines
      else problems.add(where, 'a list "paragraphs" or "content" of texts', typeof lines)
    }
  }
  problems.check(chinesePoetry.name)
}
