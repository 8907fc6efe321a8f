import { describe, expect, test } from 'vitest'
import { agNews, readAgNews } from './ag-news.ts'
import { chnsenticorp, readChnSentiCorp } from './chnsenticorp.ts'
import { type LabelledTextFormat, readLabelledTexts } from './labelled-text.ts'
import { fetchDataset } from './node.ts'
import { readSst2, sst2 } from './sst2.ts'
import { readStopwordsZh, stopwordsZh } from './stopwords-zh.ts'
import { memoryText } from './text.ts'
import { readThucnewsTitles, thucnewsTitles } from './thucnews-titles.ts'

const mirror = process.env.NACRE_DATA_MIRROR
const plain: LabelledTextFormat = { separator: '\t', text: [0], label: 1, labels: ['0', '1'] }
const named: LabelledTextFormat = { separator: ',', text: ['title', 'body'], label: 'class' }
const read = (text: string, format = plain) => readLabelledTexts(memoryText(text, 'a.tsv'), format)

describe('labelled texts', () => {
  test('tabs, line breaks of both kinds, empty lines', async () => {
    expect(await read('fine "film"\t1\r\n\n 难看 \t0')).toEqual({
      texts: [
        { text: 'fine "film"', label: 1 },
        { text: '难看', label: 0 },
      ],
      labels: ['0', '1'],
      skipped: 0,
    })
  })

  test('commas and quotes; columns by name; labels as they are found', async () => {
    const table = 'class,title,body\nB,"a ""b"", c","two\n\nlines"\nA,,"x,y"\nA,plain,\n'
    expect(await read(table, named)).toEqual({
      texts: [
        { text: 'a "b", c two\n\nlines', label: 1 },
        { text: 'x,y', label: 0 },
        { text: 'plain', label: 0 },
      ],
      labels: ['A', 'B'],
      skipped: 0,
    })
    expect((await read(',x\n', { separator: ',', text: [1], label: 1 })).texts).toEqual([{ text: 'x', label: 0 }])
  })

  test.each([
    ['good\n', plain, 'a.tsv, line 1, expected at least 2 columns with a tab between them. Received 1: "good".'],
    ['good\t1\nbad\t2', plain, 'a.tsv, line 2, expected one of the labels 0, 1. Received "2". Is it the right column?'],
    ['good\t1\n \t0', plain, 'a.tsv, line 2, expected a text. Received an empty one.'],
    ['good\t1\nbad\t\n', plain, 'a.tsv, line 2, expected a label. Received an empty one.'],
    [
      'title,class\n',
      named,
      'line 1, expected a column called "body". Received "title", "class". Is the header missing?',
    ],
    ['class,title,body\n', named, 'a.tsv expected labelled texts. Received none.'],
    ['class,title,body\nA,a,b\nA,"b\nc', named, 'a.tsv, line 3: expected cells of a table, received'],
    [
      'class,title,body\nA,a,b, c',
      named,
      'line 2, expected 3 cells, as the header has. Received 4: "A,a,b, c". A text with commas stands in quotes.',
    ],
    ['class,title,body\nA,5" nails,b\nB,7" nails,c', named, 'a.tsv, line 2: expected cells of a table'],
  ] as const)('%j is refused', async (text, format, message) => {
    await expect(read(text, format)).rejects.toThrow(message)
  })
})

describe.skipIf(!mirror)('datasets of labelled texts (need NACRE_DATA_MIRROR)', () => {
  test('SST-2: sentences and phrases', async () => {
    const { train, validation, test: held, phrases } = await readSst2(await fetchDataset(sst2))
    expect([train, validation, held, phrases].map(part => part.length)).toEqual([6920, 872, 1821, 60_614])
    expect(held[0]).toEqual({ text: 'no movement , no yuks , not much of anything', label: 0 })
    expect(held.filter(({ label }) => label === 1)).toHaveLength(909)
  })

  test('ChnSentiCorp', async () => {
    const { train, validation, test: held } = await readChnSentiCorp(await fetchDataset(chnsenticorp))
    expect([train, validation, held].map(part => part.length)).toEqual([9600, 1200, 1200])
    expect(train[1].text).toMatch(/^15\.4寸笔记本的键盘确实爽/)
  })

  test('AG News: a part of the training set, and the test set', async () => {
    const { classes, train, validation, test: held } = await readAgNews(await fetchDataset(agNews))
    expect([train, validation, held].map(part => part.length)).toEqual([9001, 1000, 7600])
    for (const label of classes.keys()) expect(held.filter(text => text.label === label)).toHaveLength(1900)
    expect(held[0]).toMatchObject({ text: expect.stringMatching(/^Unions representing workers/), label: 2 })
  })

  test('THUCNews titles', async () => {
    const { classes, train, validation, test: held } = await readThucnewsTitles(await fetchDataset(thucnewsTitles))
    expect([train, validation, held].map(part => part.length)).toEqual([9000, 1000, 10_000])
    expect(classes[held[0].label]).toBe('education')
  })

  test('stop words', async () => {
    const files = await fetchDataset(stopwordsZh)
    for (const list of ['cn', 'baidu', 'hit', 'scu'] as const)
      expect((await readStopwordsZh(files, list)).has('但是')).toBe(true)
  })
})
