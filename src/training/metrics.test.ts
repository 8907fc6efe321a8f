import { expect, test } from 'vitest'
import { memoryStorage } from '../storage/memory.ts'
import { readText } from '../storage/storage.ts'
import { lossPlot } from './loss-plot.ts'
import { appendMetric, type Metric, metricsFile, readMetrics, truncateMetrics } from './metrics.ts'

const metric = (type: Metric['type'], step: number): Metric => ({ type, step, loss: 4 / step, bitsPerByte: 6 / step })
const all = [metric('step', 1), metric('step', 2), metric('validation', 2), metric('step', 3)]

test('lines of JSON, in order', async () => {
  const storage = memoryStorage()
  expect(await readMetrics(storage)).toEqual([])
  for (const each of all) await appendMetric(storage, each)
  expect((await readText(storage, metricsFile)).split('\n')[0]).toBe(
    '{"type":"step","step":1,"loss":4,"bitsPerByte":6}',
  )
  expect(await readMetrics(storage)).toEqual(all)
})

test('a line that a kill cut short is left out, also once others follow', async () => {
  const storage = memoryStorage()
  await appendMetric(storage, all[0])
  await storage.append(metricsFile, '{"type":"step","st')
  expect(await readMetrics(storage)).toEqual([all[0]])
  await storage.append(metricsFile, '\n')
  await appendMetric(storage, all[1])
  expect(await readMetrics(storage)).toEqual([all[0], all[1]])
})

test('what came after a step is forgotten, and no half line stays', async () => {
  const storage = memoryStorage()
  for (const each of all) await appendMetric(storage, each)
  await storage.append(metricsFile, '{"type"')
  await truncateMetrics(storage, 2)
  expect(await readMetrics(storage)).toEqual(all.slice(0, 3))
  await appendMetric(storage, all[3])
  expect(await readMetrics(storage)).toEqual(all)
  await truncateMetrics(storage, 0)
  expect(await readText(storage, metricsFile)).toBe('')
})

test('the plot is an SVG with a line for each kind of loss', async () => {
  const plot = await lossPlot(all, 'gpt2 <small>')
  expect(plot).toMatch(/^<svg [^>]*xmlns="http:\/\/www\.w3\.org\/2000\/svg"/)
  for (const text of ['gpt2 &lt;small&gt;', '>training<', '>validation<', 'loss (nats per token)'])
    expect(plot).toContain(text)
  expect(await lossPlot([], 'nothing yet')).toMatch(/^<svg /)
})
