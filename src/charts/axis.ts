/** How an axis of numbers is drawn. */
export interface ChartAxis {
  /** What it counts, with its unit. */
  readonly label: string
  /** `log` and `log2`: each power as far from the next; what is not above 0 is left out. Default `linear`. */
  readonly scale?: 'linear' | 'log' | 'log2'
  /** By default the smallest and the greatest number, rounded; a linear axis from 0 where told. */
  readonly minimum?: number
  readonly maximum?: number
}

/** As ECharts takes it. */
interface SharedAxis {
  readonly name: string
  readonly nameLocation: 'middle'
  readonly nameGap: number
  readonly min?: number
  readonly max?: number
  readonly splitLine: { readonly lineStyle: { readonly color: string } }
  readonly axisLine: { readonly show: boolean; readonly lineStyle: { readonly color: string } }
  readonly axisTick: { readonly show: boolean }
  readonly axisLabel: { readonly color: string; readonly formatter: (value: number) => string }
  readonly nameTextStyle: { readonly color: string }
}

type Axis =
  | (SharedAxis & { readonly type: 'value'; readonly scale: boolean })
  | (SharedAxis & { readonly type: 'log'; readonly logBase: number })

/** An axis of numbers for ECharts. */
export function numberAxis({ label, scale = 'linear', minimum, maximum }: ChartAxis, gap: number): Axis {
  const shared: SharedAxis = {
    name: label,
    nameLocation: 'middle',
    nameGap: gap,
    min: minimum,
    max: maximum,
    splitLine: { lineStyle: { color: '#e6e6e6' } },
    axisLine: { show: true, lineStyle: { color: '#666666' } },
    axisTick: { show: true },
    axisLabel: { color: '#333333', formatter: tickText },
    nameTextStyle: { color: '#333333' },
  }
  if (scale === 'linear') return { ...shared, type: 'value', scale: minimum === undefined }
  return { ...shared, type: 'log', logBase: scale === 'log' ? 10 : 2 }
}

/** Whether an axis can show a number. */
export function shows({ scale = 'linear' }: ChartAxis, value: number): boolean {
  return Number.isFinite(value) && (scale === 'linear' || value > 0)
}

/** `1e-7`, `0.25`, `1024`, `25,000`, `3M` */
export function tickText(value: number): string {
  const size = Math.abs(value)
  if (size !== 0 && size < 1e-4) return value.toExponential(0)
  if (size >= 1e6) return value.toLocaleString('en-US', { notation: 'compact' })
  return value.toLocaleString('en-US', { maximumSignificantDigits: 6, useGrouping: 'min2' })
}
