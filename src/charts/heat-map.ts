import { type ChartOptions, divergingColors, draw, headRoom, sequentialColors, textWidth } from './draw.ts'

export interface HeatMapOptions extends ChartOptions {
  /** Of the rows, from above, for example the words of the translation. */
  readonly rows: readonly string[]
  /** Of the columns, for example the words of the source. */
  readonly columns: readonly string[]
  /** `values[row][column]` */
  readonly values: readonly (readonly number[])[]
  readonly rowTitle?: string
  readonly columnTitle?: string
  /** The numbers of the palest and the darkest colour; by default 0, or the smallest, to the greatest. */
  readonly range?: readonly [minimum: number, maximum: number]
  /** Print each number in its cell; default where there are at most 200. */
  readonly numbers?: boolean
}

/** A matrix as coloured cells, for example attention weights or an alignment, as SVG. Words may come more than once. */
export function heatMap({
  rows,
  columns,
  values,
  rowTitle,
  columnTitle,
  range,
  ...options
}: HeatMapOptions): Promise<string> {
  const cells = values.flatMap((row, i) => row.map((value, j): [number, number, number] => [j, i, value]))
  const all = cells.map(([, , value]) => value)
  const [least, most] = [Math.min(...all), Math.max(...all)]
  const diverging = range === undefined && least < 0
  const bound = Math.max(-least, most)
  const [minimum, maximum] = range ?? (diverging ? [-bound, bound] : [0, most])
  const { numbers = cells.length <= 200 } = options
  const side = numbers ? 42 : Math.max(12, Math.min(28, 800 / Math.max(rows.length, columns.length)))
  const left = labelRoom(rows) + (rowTitle === undefined ? 12 : 34)
  const slanted = labelRoom(columns) > side
  const labels = slanted ? Math.min(150, labelRoom(columns)) * 0.75 + 12 : 20
  const top = headRoom(options.title) + labels + (columnTitle === undefined ? 8 : 28)
  const { width = left + columns.length * side + 100, height = top + rows.length * side + 24 } = options
  const axis = { type: 'category' as const, axisTick: { show: false }, nameLocation: 'middle' as const }
  const axisLabel = { interval: 0, color: '#222222' }
  return draw(
    {
      grid: { left, right: 100, top, bottom: 24, outerBoundsMode: 'none' },
      xAxis: {
        ...axis,
        position: 'top',
        data: numbered(columns),
        name: columnTitle,
        nameGap: labels + 6,
        axisLabel: { ...axisLabel, rotate: slanted ? 45 : 0, formatter: (_: string, i: number) => columns[i] },
      },
      yAxis: {
        ...axis,
        inverse: true,
        data: numbered(rows),
        name: rowTitle,
        nameGap: left - 24,
        axisLabel: { ...axisLabel, formatter: (_: string, i: number) => rows[i] },
      },
      visualMap: {
        min: minimum,
        max: maximum,
        calculable: false,
        orient: 'vertical',
        right: 16,
        top,
        itemWidth: 14,
        itemHeight: Math.max(40, Math.min(140, rows.length * side - 40)),
        text: [numberText(maximum), numberText(minimum)],
        inRange: { color: diverging ? [...divergingColors] : [...sequentialColors] },
      },
      series: {
        type: 'heatmap',
        data: cells,
        itemStyle: { borderColor: '#ffffff', borderWidth: side > 16 ? 1 : 0 },
        label: {
          show: numbers,
          fontSize: 11,
          formatter: ({ value }: { value?: unknown }) => numberText((value as number[])[2]),
        },
      },
    },
    { title: options.title, width: Math.max(width, 320), height },
  )
}

/** Categories must differ; words may come more than once. */
const numbered = (words: readonly string[]): string[] => words.map((word, i) => `${i} ${word}`)

/** Pixels of the longest label. */
const labelRoom = (labels: readonly string[]): number => Math.max(0, ...labels.map(textWidth))

/** Two digits behind the point, none of a whole number. */
function numberText(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(2)
}
