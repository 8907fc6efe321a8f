import type { Dataset } from './dataset.ts'

/** The names of makemore, from the United States Social Security Administration. */
export const names: Dataset = {
  name: 'names',
  description: '32,033 first names, one in a line, as in makemore',
  language: 'en',
  licence: 'MIT',
  mirrorFolder: 'names',
  files: [
    {
      name: 'names.txt',
      url: 'https://raw.githubusercontent.com/karpathy/makemore/988aa59e4d8fefa526d06f3b453ad116258398d4/names.txt',
      bytes: 228_145,
      sha256: '0a30b5557f192f32ab962680889aac5f6fda0f4cecf40a6d0b5694f58ea8cc4d',
    },
  ],
}
