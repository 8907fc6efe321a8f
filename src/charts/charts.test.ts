import { expect, test } from 'vitest'
import { tickText } from './axis.ts'
import { barChart } from './bar-chart.ts'
import { colors } from './draw.ts'
import { heatMap } from './heat-map.ts'
import { lineChart } from './line-chart.ts'
import { scatterChart } from './scatter-chart.ts'

/** Fails where a browser would: a tag that is not closed, or an attribute with a quotation mark in it. */
function expectWellFormed(svg: string): void {
  const open: string[] = []
  const wrong: string[] = []
  const tag = /<(\/?)([a-z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/gi
  const rest = svg.replaceAll(tag, (_, closing: string, name: string, _attributes: string, empty: string) => {
    if (closing && open.pop() !== name) wrong.push(name)
    if (!closing && !empty) open.push(name)
    return ''
  })
  expect([open, wrong]).toEqual([[], []])
  expect(rest).not.toMatch(/[<>]/)
  expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
}

/** The texts of a chart, in order. */
const texts = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(match => match[1])

test('lines: names, axes, a title of two lines, and a gap where a logarithm has no value', async () => {
  const points = [0, 1, 2, 3].map(i => [i, i === 2 ? 0 : 10 ** -i] as const)
  const svg = await lineChart({
    title: 'Gradient norm 梯度\n<RNN> & "others"',
    x: { label: 'distance' },
    y: { label: 'norm', scale: 'log' },
    series: [
      { name: 'RNN', points },
      { name: '长短期记忆', points: points.map(([x]) => [x, 1]), dashed: true },
    ],
  })
  expectWellFormed(svg)
  expect(texts(svg)).toEqual(
    expect.arrayContaining(['Gradient norm 梯度', 'distance', 'norm', 'RNN', '长短期记忆', '0.001']),
  )
  expect(svg).toContain('&lt;RNN&gt; &amp; &quot;others&quot;')
  const path = [...svg.matchAll(/<path d="(M[^"]*)"[^>]*stroke="#0072b2"[^>]*stroke-width="2"/g)].map(match => match[1])
  expect(path.join(' ').match(/M/g)).toHaveLength(2) // the line begins anew behind the gap
  expect(svg).toContain('stroke-dasharray')
})

test('lines: an interval is a thin line from low to high', async () => {
  const chart = (intervals?: [number, number, number][]) =>
    lineChart({
      title: '',
      x: { label: '' },
      y: { label: '' },
      series: [
        {
          name: 'a',
          points: [
            [1, 2],
            [2, 3],
          ],
          intervals,
        },
      ],
    })
  const thin = (svg: string) => [...svg.matchAll(/<path d="(M[^"]*)"[^>]*stroke="#0072b2"(?![^>]*stroke-width)/g)]
  const svg = await chart([
    [1, 1.5, 2.5],
    [2, 2.5, 3.5],
  ])
  expectWellFormed(svg)
  expect(thin(await chart())).toEqual([])
  const [[, path]] = thin(svg)
  const [first, second] = path
    .split('M')
    .slice(1)
    .map(part =>
      part
        .trim()
        .split(/[\s,L]+/)
        .map(Number),
    )
  expect(first[0]).toBe(first[2])
  expect(first[1] - first[3]).toBeCloseTo(second[1] - second[3], 3)
  expect(first[1] - first[3]).toBeGreaterThan(0)
})

test('points: labels, a legend of groups, and a logarithm of the parameters', async () => {
  const svg = await scatterChart({
    title: 'models',
    x: { label: 'parameters', scale: 'log' },
    y: { label: 'bits per byte' },
    groups: [
      { name: 'recurrent', points: [{ x: 1e4, y: 2.5, label: '循环' }] },
      {
        name: 'attention',
        points: [
          { x: 1e6, y: 2, label: 'GPT-2' },
          { x: 0, y: 2, label: 'no logarithm' },
        ],
      },
    ],
  })
  expectWellFormed(svg)
  expect(texts(svg)).toEqual(
    expect.arrayContaining(['循环', 'GPT-2', 'recurrent', 'attention', '100,000', 'bits per byte']),
  )
  expect(texts(svg)).not.toContain('no logarithm')
})

test('a map has no axes, and leaves out labels that would cover others', async () => {
  const points = Array.from({ length: 30 }, (_, i) => ({ x: i / 1e6, y: 0, label: `word${i}` }))
  const far = [{ x: 1, y: 1, label: '远' }]
  const svg = await scatterChart({ title: 'map', groups: [{ name: 'words', points: [...points, ...far] }] })
  expectWellFormed(svg)
  const labels = texts(svg)
  expect(labels).toContain('远')
  expect(labels.filter(label => label.startsWith('word')).length).toBeLessThan(3)
})

test('a matrix: words that come twice, numbers in few cells, none in many', async () => {
  const svg = await heatMap({
    title: 'Alignment',
    rows: ['the', 'cat', 'the'],
    columns: ['猫', '</s>'],
    rowTitle: 'translation',
    columnTitle: 'source',
    values: [
      [0.25, 0.75],
      [0.5, 0.5],
      [1, 0],
    ],
  })
  expectWellFormed(svg)
  const labels = texts(svg)
  expect(labels.filter(label => label === 'the')).toHaveLength(2)
  expect(labels).toEqual(expect.arrayContaining(['猫', '&lt;/s&gt;', '0.25', '0.75', 'translation', 'source']))
  const words = Array.from({ length: 20 }, (_, i) => `w${i}`)
  const many = await heatMap({ title: '', rows: words, columns: words, values: words.map(() => words.map(() => 0.37)) })
  expectWellFormed(many)
  expect(texts(many).filter(label => label === '0.37').length).toBeLessThan(3) // only of the scale
})

test('bars: one for each number that there is, with the number above', async () => {
  const svg = await barChart({
    title: 'bits per byte',
    categories: ['unigram', 'RNN'],
    y: { label: 'bits per byte' },
    series: [
      { name: 'English', values: [4.78123, 2.5] },
      { name: '中文', values: [3.25, Number.NaN] },
    ],
  })
  expectWellFormed(svg)
  expect(texts(svg)).toEqual(expect.arrayContaining(['unigram', 'RNN', 'English', '中文', '4.781', '2.5', '3.25', '0']))
  expect(svg.match(new RegExp(`<path d="M[^"]*" fill="${colors[0]}"`, 'g'))?.length).toBeGreaterThanOrEqual(2)
  expect(texts(svg)).not.toContain('NaN')
})

test('ticks as people write them', () => {
  expect([1e-7, 0.0001, 0.25, 0, 1024, 25_000, 3e6, 1.5e9].map(tickText)).toEqual([
    '1e-7',
    '0.0001',
    '0.25',
    '0',
    '1024',
    '25,000',
    '3M',
    '1.5B',
  ])
})

test('a legend of many names takes as many rows as it needs, below the axis', async () => {
  const lines = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ name: `长短期记忆 number ${i}`, points: [] }))
  const heightOf = async (count: number) => {
    const svg = await lineChart({ title: 'x', x: { label: 'x' }, y: { label: 'y' }, series: lines(count) })
    return Number(/^<svg [^>]*height="(\d+)"/.exec(svg)![1])
  }
  expect(await heightOf(9)).toBeGreaterThan(await heightOf(4))
  expect(await heightOf(1)).toBe(await heightOf(2))
})
