import { type ChartAxis, numberAxis, tickText } from './axis.ts'
import { type ChartOptions, draw, headRoom, legendOf } from './draw.ts'

export interface BarSeries {
  readonly name: string
  /** One for each category; what is not a number has no bar. */
  readonly values: readonly number[]
}

export interface BarChartOptions extends ChartOptions {
  /** Under the bars, from left to right. */
  readonly categories: readonly string[]
  readonly series: readonly BarSeries[]
  readonly y: ChartAxis
}

/** Bars that stand beside each other, each with its number, as SVG. */
export function barChart({ categories, series, y, ...options }: BarChartOptions): Promise<string> {
  const { title, width = Math.max(480, 120 + categories.length * (24 + 44 * series.length)), height = 420 } = options
  const { legend, room } = series.length > 1 ? legendOf(series, width) : { legend: undefined, room: 0 }
  return draw(
    {
      legend,
      grid: { left: 72, right: 20, top: headRoom(title), bottom: 36 + room },
      xAxis: { type: 'category', data: [...categories], axisTick: { show: false }, axisLabel: { interval: 0 } },
      yAxis: numberAxis({ minimum: (y.scale ?? 'linear') === 'linear' ? 0 : undefined, ...y }, 52),
      series: series.map(({ name, values }) => ({
        name,
        type: 'bar',
        data: values.map(value => (Number.isFinite(value) ? value : (null as never))),
        barMaxWidth: 48,
        label: {
          show: true,
          position: 'top',
          fontSize: 11,
          formatter: ({ value }) => tickText(shortened(value as number)),
        },
      })),
    },
    { title, width, height },
  )
}

/** Four significant digits are enough above a bar. */
const shortened = (value: number): number => Number(value.toPrecision(4))
