import { type ChartAxis, numberAxis, shows } from './axis.ts'
import { type ChartOptions, colors, draw, headRoom, legendOf } from './draw.ts'

export interface LineSeries {
  readonly name: string
  /** Pairs of x and y, in the order in which the line goes. */
  readonly points: readonly (readonly [x: number, y: number])[]
  /** What a value may be by chance, as a thin line from low to high. */
  readonly intervals?: readonly (readonly [x: number, low: number, high: number])[]
  /** A dot at each point: for few points; default where there are at most 40. */
  readonly dots?: boolean
  /** For a bound or a baseline. */
  readonly dashed?: boolean
  /** Thin and pale, for what is noisy. */
  readonly faint?: boolean
}

export interface LineChartOptions extends ChartOptions {
  readonly x: ChartAxis
  readonly y: ChartAxis
  readonly series: readonly LineSeries[]
}

/** Named lines over two axes of numbers, as SVG. A number that an axis cannot show leaves a gap. */
export function lineChart({ x, y, series, ...options }: LineChartOptions): Promise<string> {
  const { title, width = 720 } = options
  const { legend, room } = legendOf(series, width)
  const { height = 408 + room } = options
  const placed = (at: number, value: number) => [at, shows(x, at) && shows(y, value) ? value : (null as never)]
  const symbols = ['circle', 'rect', 'triangle', 'diamond']
  return draw(
    {
      legend: {
        ...legend,
        icon: 'roundRect',
        itemHeight: 4,
        itemWidth: 18,
      },
      grid: { left: 72, right: 28, top: headRoom(title), bottom: 50 + room },
      xAxis: numberAxis(x, 28),
      yAxis: numberAxis(y, 52),
      series: series.flatMap(({ name, points, intervals = [], dots, dashed, faint }, i) => {
        const own = { type: 'line', color: colors[i % colors.length] } as const
        return [
          {
            ...{ ...own, name, symbol: symbols[i % symbols.length], symbolSize: 6 },
            data: points.map(([at, value]) => placed(at, value)),
            showSymbol: dots ?? points.length <= 40,
            lineStyle: { width: faint ? 1 : 2, opacity: faint ? 0.55 : 1, type: dashed ? 'dashed' : 'solid' },
          },
          {
            ...{ ...own, showSymbol: false, lineStyle: { width: 1 } },
            data: intervals.flatMap(([at, low, high]) => [placed(at, low), placed(at, high), placed(at, Number.NaN)]),
          },
        ]
      }),
    },
    { title, width, height },
  )
}
