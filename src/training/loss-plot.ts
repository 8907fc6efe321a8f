import { lineChart } from '../charts/line-chart.ts'
import type { Metric } from './metrics.ts'

/** A plot of training and validation loss as SVG. */
export function lossPlot(metrics: readonly Metric[], title: string, unit: string = 'nats per token'): Promise<string> {
  const points = (type: Metric['type']) =>
    metrics.filter(metric => metric.type === type).map(({ step, loss }): [number, number] => [step, loss])
  return lineChart({
    title,
    x: { label: 'step', minimum: 0 },
    y: { label: `loss (${unit})` },
    series: [
      { name: 'training', points: points('step'), faint: true, dots: false },
      { name: 'validation', points: points('validation') },
    ],
  })
}
