/** `training/metrics.jsonl`: one line for each logged step and validation, in order. */
import { readText, type Storage, writeText } from '../storage/storage.ts'

export const metricsFile = 'training/metrics.jsonl'

/** One line of the file. */
export interface Metric {
  readonly type: 'step' | 'validation'
  readonly step: number
  /** Nats per token, or per example of a classifier. */
  readonly loss: number
  /** Of a language model. */
  readonly bitsPerByte?: number
  readonly [field: string]: number | string | boolean | undefined
}

export function appendMetric(storage: Storage, metric: Pick<Metric, 'type' | 'step' | 'loss'>): Promise<void> {
  return storage.append(metricsFile, `${JSON.stringify(metric)}\n`)
}

/** The whole lines of the file; a last line that a kill cut short is left out. */
export async function readMetrics(storage: Storage): Promise<Metric[]> {
  if (!(await storage.exists(metricsFile))) return []
  const lines = (await readText(storage, metricsFile)).split('\n').slice(0, -1)
  return lines.flatMap(line => {
    try {
      return [JSON.parse(line) as Metric]
    } catch {
      return []
    }
  })
}

/** Forgets what came after a step: a resumed run writes it again. */
export async function truncateMetrics(storage: Storage, step: number): Promise<void> {
  const kept = (await readMetrics(storage)).filter(metric => metric.step <= step)
  await writeText(storage, metricsFile, kept.map(metric => `${JSON.stringify(metric)}\n`).join(''))
}
