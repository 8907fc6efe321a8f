import { type ChartAxis, numberAxis, shows } from './axis.ts'
import { type ChartOptions, colors, draw, headRoom, legendOf } from './draw.ts'

export interface LineSeries {
  readonly name: string
  /** Pairs of x and y, in the order in which the line goes. */
  readonly points: readonly (readonly [x: number, y: number])[]
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
      series: series.map(({ name, points, dots, dashed, faint }, i) => ({
        name,
        type: 'line',
        data: points.map(([at, value]) => (shows(x, at) && shows(y, value) ? [at, value] : [at, null as never])),
        showSymbol: dots ?? points.length <= 40,
        symbol: symbols[i % symbols.length],
        symbolSize: 6,
        color: colors[i % colors.length],
        lineStyle: { width: faint ? 1 : 2, opacity: faint ? 0.55 : 1, type: dashed ? 'dashed' : 'solid' },
      })),
    },
    { title, width, height },
  )
}
