import type { Dataset } from './dataset.ts'

const raw = 'https://raw.githubusercontent.com'
const factory = `${raw}/hiyouga/LLaMA-Factory/ff6d4d12eeb035d6ce06805a5733dd7b29f2ac30/data`
const translated = `${raw}/hikariming/alpaca_chinese_dataset/a32705cdfdde2a111ef08bc5fb47f5efaa874cfa/history`

/**
 * Instructions with answers of text-davinci-003, and a sample with answers of GPT-4.
 * Taori et al., Stanford Alpaca: An Instruction-following LLaMA Model, 2023; Peng et al., Instruction Tuning with GPT-4, 2023.
 */
export const alpaca: Dataset = {
  name: 'alpaca',
  description: '52,002 instructions with answers, and 999 with answers of GPT-4',
  language: 'en',
  licence: 'CC BY-NC 4.0',
  mirrorFolder: 'alpaca',
  files: [
    {
      name: 'alpaca_data.json.gz',
      url: `${translated}/${encodeURI('原始英文数据')}/alpaca_data.json`,
      derivation: 'the English parts of that folder, joined and packed',
      bytes: 7_091_964,
      sha256: 'ff6ce54d2c7476bfae5af9369f15e72ce085a99cfa2eae7b2c83014a9fa29ed5',
      compression: 'gzip',
      unpackedSha256: '6c910096b0d8135f9e6d2f400e72b9783bd8ee473b5527f1b60405820b4be8a0',
    },
    {
      name: 'alpaca_gpt4_en_demo_1k.json',
      url: `${factory}/alpaca_en_demo.json`,
      bytes: 859_893,
      sha256: 'bcc37c64db1a739a0789a1b81f251146fcf4459f903474bc9e3c21bbb5628318',
    },
  ],
}

/** Alpaca's instructions in Chinese: translated by machine and written anew, translated and mended, answered by GPT-4. */
export const alpacaChinese: Dataset = {
  name: 'alpaca-zh',
  description: '30,716 instructions with answers in Chinese, of three origins',
  language: 'zh',
  licence: 'derived from CC BY-NC 4.0',
  mirrorFolder: 'alpaca_zh',
  files: [
    {
      name: 'alpaca_zh_20k.json.gz',
      url: `${raw}/carbonz0/alpaca-chinese-dataset/fea92d753753d3afcdf4bbdbfe54cc200bcb3770/zh-data-part-00.json`,
      derivation: 'zh-data-part-00.json and zh-data-part-01.json of that folder, joined and packed',
      bytes: 2_795_518,
      sha256: '3cd5a4d94eb426d4791ad095b5fdf89598821f2225b86cf27054e292f0276b6d',
      compression: 'gzip',
      unpackedSha256: '9eb32fb16c9731f4a318f89881de94a5f62e4ebcefb898298266cbe5860abfb7',
    },
    {
      name: 'alpaca_zh_hikariming_0-9407.json.gz',
      url: `${translated}/${encodeURI('翻译后的中文数据/alpaca_data-0-3252-中文-已完成.json')}`,
      derivation: 'the three parts of that folder up to 9407, joined and packed',
      bytes: 1_250_011,
      sha256: 'b898e57c862d5098faa49ad3b9870423acad30eb2ca05eed12bcbd58233ad720',
      compression: 'gzip',
      unpackedSha256: 'b0ade40478883ee8f75fb350443f6850cb68f25ebde04b1d0eadc61dc100d314',
    },
    {
      name: 'alpaca_gpt4_zh_demo_1k.json',
      url: `${factory}/alpaca_zh_demo.json`,
      bytes: 636_036,
      sha256: 'd5a4be46ae70d23a461ffc16048069324c0865ee9aa0c8730e21ac4b65ea0f08',
    },
  ],
}
