import type { Dataset } from './dataset.ts'

const folder = 'https://raw.githubusercontent.com/DaveBben/esp32-llm/934dab4d242d259abd88678488ea3b62d4fca601/data'

/** A Llama of 260,000 parameters that tells stories for small children, by the author of llama2.c. */
export const stories260K: Dataset = {
  name: 'stories260k',
  description: 'pretrained Llama of llama2.c that tells stories, for nacre import',
  language: '-',
  licence: 'MIT',
  mirrorFolder: 'weights/stories260K',
  files: [
    {
      name: 'stories260K.bin',
      url: `${folder}/stories260K.bin`,
      bytes: 1_056_540,
      sha256: 'b0a507e7ad0f626624f17112325e66691f9076d622e1d3274d103d00299f2696',
    },
    {
      name: 'tok512.bin',
      url: `${folder}/tok512.bin`,
      bytes: 6227,
      sha256: '037cb335abb25d1fa9e8ecae30ed2a3a8ace9302862ebcdc05d51a6bbb10c312',
    },
  ],
}
