import type { Dataset } from './dataset.ts'

const corpus = 'https://raw.githubusercontent.com/tennessine/corpus/c5ce96aca36c6a3cb4da5f0ff7d2d5fa30c32aea'

/**
 * Dream of the Red Chamber, Romance of the Three Kingdoms, Water Margin and Journey to the West, in simplified
 * characters, with CR LF line breaks. The repository states no licence; the novels are in the public domain.
 */
export const chineseNovels: Dataset = {
  name: 'chinese-novels',
  description: 'the four classic Chinese novels',
  language: 'zh',
  licence: 'public domain',
  mirrorFolder: 'chinese_novels',
  files: [
    {
      name: 'hongloumeng.txt',
      url: `${corpus}/${encodeURIComponent('红楼梦')}.txt`,
      bytes: 2_522_985,
      sha256: '5eca888fb54188d644df70fa555dd3c9cbdd3a8d7b3034fb59f7a81e16f05dc7',
    },
    {
      name: 'sanguoyanyi.txt',
      url: `${corpus}/${encodeURIComponent('三国演义')}.txt`,
      bytes: 1_795_281,
      sha256: '48922aa73c07e0b9c6e23a9cf5cf61f1779dd33e11947a1eaac364f1c50f65c4',
    },
    {
      name: 'shuihuzhuan.txt',
      url: `${corpus}/${encodeURIComponent('水浒传')}.txt`,
      bytes: 2_580_298,
      sha256: 'aa966dd99d7ecac39f63eb187e5f29f4edb6061dc1adf73e4524eb7fd2345cdc',
    },
    {
      name: 'xiyouji.txt',
      url: `${corpus}/${encodeURIComponent('西游记')}.txt`,
      bytes: 1_999_157,
      sha256: '3f2bf2164ee63ad7ce3ef88c830e88e860f47719740b13e6c4a1fe4d3be09b80',
    },
  ],
}
