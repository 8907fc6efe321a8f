/** Charts as SVG texts, drawn by Apache ECharts, which needs no browser for that. It is loaded with the first chart. */
import type { EChartsOption, LegendComponentOption } from 'echarts'

/** What every chart is told. */
export interface ChartOptions {
  /** A line above the chart; a line break begins a second, smaller one. */
  readonly title: string
  /** In pixels. */
  readonly width?: number
  readonly height?: number
}

/** Latin and Chinese on every system. Without quotation marks: ECharts writes the names into an attribute as they are. */
const fonts = 'system-ui, Noto Sans CJK SC, Noto Sans SC, PingFang SC, Microsoft YaHei, sans-serif'

/** Told apart by people who see colours differently: Okabe and Ito, Color Universal Design, 2008, two more, and grey. */
export const colors: readonly string[] = [
  ...['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'],
  ...['#882255', '#999933', '#888888'],
]

/** From none to much. */
export const sequentialColors = ['#f7fbff', '#c6dbef', '#6baed6', '#2171b5', '#08306b'] as const

/** From negative by nothing to positive. */
export const divergingColors = ['#b2182b', '#ef8a62', '#f7f7f7', '#67a9cf', '#2166ac'] as const

/** Pixels above the drawing. */
export const headRoom = (title: string): number => (title.includes('\n') ? 64 : 44)

/** Pixels of a text of the usual size, where a Chinese character is as wide as it is high. */
export function textWidth(text: string): number {
  return 7 * text.length + 5 * (text.match(/[\u2e80-\uffff]/g)?.length ?? 0)
}

/** The names of the series, under a drawing of some width, and the pixels that they take. */
export function legendOf(
  series: readonly { readonly name: string }[],
  width: number,
): { readonly legend: LegendComponentOption; readonly room: number } {
  let [rows, used] = [1, 0]
  for (const { name } of series) {
    const item = textWidth(name) + 48 // its mark and the gap to the next
    if (used > 0 && used + item > width - 24) [rows, used] = [rows + 1, 0]
    used += item
  }
  return { legend: { bottom: 6, itemGap: 18, data: series.map(({ name }) => name) }, room: 32 * rows }
}

/** The chart as one `<svg>` element. */
export async function draw(option: EChartsOption, { title, width, height }: Required<ChartOptions>): Promise<string> {
  const { init, use } = await import('echarts/core')
  const { BarChart, HeatmapChart, LineChart, ScatterChart } = await import('echarts/charts')
  const { GridComponent, LegendComponent, TitleComponent, VisualMapComponent } = await import('echarts/components')
  const { LabelLayout } = await import('echarts/features')
  const { SVGRenderer } = await import('echarts/renderers')
  use([BarChart, HeatmapChart, LineChart, ScatterChart, GridComponent, LegendComponent, TitleComponent])
  use([VisualMapComponent, LabelLayout, SVGRenderer])
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  const [text, ...rest] = title.split('\n')
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    color: [...colors],
    textStyle: { fontFamily: fonts },
    title: {
      text,
      subtext: rest.join('\n'),
      left: 'center',
      top: 8,
      itemGap: 6,
      textStyle: { fontSize: 14, fontFamily: fonts },
      subtextStyle: { fontFamily: fonts },
    },
    ...option,
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg.replaceAll(/<style.*?<\/style>\n?/gs, '') // rules for a mouse over it: this is a still picture
}
