import type { Metric } from './metrics.ts'

/** A plot of training and validation loss as SVG, drawn by Apache ECharts on the server side. */
export async function lossPlot(metrics: readonly Metric[], title: string): Promise<string> {
  const { init, use } = await import('echarts/core')
  const { LineChart } = await import('echarts/charts')
  const { GridComponent, LegendComponent, TitleComponent } = await import('echarts/components')
  const { SVGRenderer } = await import('echarts/renderers')
  use([LineChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

  const points = (type: Metric['type']) =>
    metrics.filter(metric => metric.type === type).map(({ step, loss }) => [step, loss])
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 720, height: 420 })
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    title: { text: title, left: 'center', top: 8, textStyle: { fontSize: 14 } },
    legend: { bottom: 6, data: ['training', 'validation'] },
    grid: { left: 64, right: 24, top: 48, bottom: 72 },
    xAxis: { type: 'value', name: 'step', nameLocation: 'middle', nameGap: 26, min: 0, max: 'dataMax' },
    yAxis: { type: 'value', name: 'loss (nats per token)', nameLocation: 'middle', nameGap: 42, scale: true },
    series: [
      {
        name: 'training',
        type: 'line',
        data: points('step'),
        showSymbol: false,
        lineStyle: { width: 1, opacity: 0.6 },
        color: '#5470c6',
      },
      {
        name: 'validation',
        type: 'line',
        data: points('validation'),
        symbolSize: 6,
        lineStyle: { width: 2 },
        color: '#ee6666',
      },
    ],
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}
