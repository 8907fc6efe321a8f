import { type ChartAxis, numberAxis, shows } from './axis.ts'
import { type ChartOptions, colors, draw, headRoom, legendOf } from './draw.ts'

export interface ScatterPoint {
  readonly x: number
  readonly y: number
  /** Beside the point. */
  readonly label?: string
}

export interface ScatterGroup {
  /** In the legend, where there is more than one. */
  readonly name: string
  readonly points: readonly ScatterPoint[]
}

export interface ScatterChartOptions extends ChartOptions {
  /** None: a map, where only nearness means something, without axes. */
  readonly x?: ChartAxis
  readonly y?: ChartAxis
  readonly groups: readonly ScatterGroup[]
}

/** Points with names, for example a map of words, as SVG. A label that would cover another is left out. */
export function scatterChart({ x, y, groups, ...options }: ScatterChartOptions): Promise<string> {
  const { title, width = 860, height = 640 } = options
  const hidden = { type: 'value' as const, scale: true, show: false }
  const visible = ({ x: at, y: value }: ScatterPoint) =>
    shows(x ?? { label: '' }, at) && shows(y ?? { label: '' }, value)
  const { legend, room } = groups.length > 1 ? legendOf(groups, width) : { legend: undefined, room: 0 }
  return draw(
    {
      legend,
      grid: {
        left: y ? 72 : 24,
        right: 64, // the last labels
        top: headRoom(title),
        bottom: (x ? 54 : 20) + room,
      },
      xAxis: x ? numberAxis(x, 28) : hidden,
      yAxis: y ? numberAxis(y, 52) : hidden,
      series: groups.map(({ name, points }, i) => ({
        name,
        type: 'scatter',
        symbolSize: 7,
        color: colors[i % colors.length],
        data: points.filter(visible).map(point => ({ value: [point.x, point.y], name: point.label })),
        label: { show: true, position: 'right', distance: 3, fontSize: 11, color: '#222222', formatter: '{b}' },
        labelLayout: { hideOverlap: true },
      })),
    },
    { title, width, height },
  )
}
