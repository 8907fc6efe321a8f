import { barChart } from '../charts/bar-chart.ts'
import { lineChart } from '../charts/line-chart.ts'
import type { MemberResult } from './timeline-members.ts'

export interface TimelinePlot {
  /** A line or two above the plot. */
  readonly title: string
  readonly results: readonly MemberResult[]
  /** Bits per byte that no model can go below, where they are known. */
  readonly entropy?: number
}

/** Bits per byte of held-out text, member by member, in the order of years. */
export function timelinePlot({ title, results, entropy }: TimelinePlot): Promise<string> {
  const bars = results.map(({ year, model, bitsPerByte }) => ({
    category: `${model.length > 10 ? model.replace('-', '-\n') : model}\n${year}`, // a long name takes two lines
    bitsPerByte,
  }))
  if (entropy !== undefined) bars.push({ category: 'entropy\nof the text', bitsPerByte: entropy })
  return barChart({
    title,
    categories: bars.map(({ category }) => category),
    y: { label: 'bits per byte of held-out text' },
    series: [{ name: 'bits per byte', values: bars.map(({ bitsPerByte }) => bitsPerByte) }],
  })
}

/** How the models learned, and what counting reaches, over the time. */
export function learningPlot({ title, results, entropy }: TimelinePlot): Promise<string> {
  const learned = results.filter(({ curve }) => curve.length > 0)
  const end = Math.max(...learned.map(({ seconds }) => seconds))
  const flat = (name: string, bitsPerByte: number) => ({
    name,
    points: [0, end].map((seconds): [number, number] => [seconds, bitsPerByte]),
    dashed: true,
    dots: false,
  })
  return lineChart({
    title,
    x: { label: 'seconds of training', minimum: 0 },
    y: { label: 'bits per byte of the text learned from' },
    series: [
      ...learned.map(({ year, model, curve }) => ({
        name: `${model} ${year}`,
        points: curve.map(({ seconds, bitsPerByte }): [number, number] => [seconds, bitsPerByte]),
        dots: false,
      })),
      ...results
        .filter(({ curve, model }) => curve.length === 0 && ['bigram', '5-gram'].includes(model))
        .map(({ model, bitsPerByte }) => flat(`${model}, held out`, bitsPerByte)),
      ...(entropy === undefined ? [] : [flat('entropy of the text', entropy)]),
    ],
  })
}
