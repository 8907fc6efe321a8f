import type { Dataset } from './dataset.ts'

const folder = 'https://raw.githubusercontent.com/thu-coai/CDial-GPT/81064865221d3503251d633f3d0b651004c938a6/data'

/**
 * Short Chinese chats, turns between tabs, with a space after each character.
 * Wang et al., A Large-Scale Chinese Short-Text Conversation Dataset, 2020.
 */
export const lccc: Dataset = {
  name: 'lccc',
  description: '12,000 short Chinese chats, the toy part of LCCC',
  language: 'zh',
  licence: 'MIT',
  mirrorFolder: 'lccc_toy_zh',
  files: [
    {
      name: 'toy_train.txt',
      url: `${folder}/toy_train.txt`,
      bytes: 804_867,
      sha256: '04b3c4a9c70937dae585abd3832b228e90443d6c8f983530bfb482ef4b352421',
    },
    {
      name: 'toy_valid.txt',
      url: `${folder}/toy_valid.txt`,
      bytes: 163_157,
      sha256: 'b84508ecc6d6b267c4e0cb8c44c4e4e099d913b0c77bfe6bf4e960d9bab678e4',
    },
  ],
}
