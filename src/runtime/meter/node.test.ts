import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { getuid } from 'node:process'
import { expect, onTestFinished, test } from 'vitest'
import { nodeMeter } from './node.ts'

/** A folder as the kernel's, with these counters in microjoules. */
async function powercap(counters: Readonly<Record<string, readonly [name: string, energy: number]>>) {
  const folder = await mkdtemp(join(tmpdir(), 'nacre-powercap-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const set = (counter: string, energy: number) => writeFile(join(folder, counter, 'energy_uj'), `${energy}\n`)
  for (const [counter, [name, energy]] of Object.entries(counters)) {
    await mkdir(join(folder, counter))
    await writeFile(join(folder, counter, 'name'), `${name}\n`)
    await writeFile(join(folder, counter, 'max_energy_range_uj'), '262143328850\n')
    await set(counter, energy)
  }
  return { folder, set }
}

test('packages and memory are counted once: neither their cores nor the whole platform again', async () => {
  const { folder, set } = await powercap({
    'intel-rapl:0': ['package-0', 1_000_000],
    'intel-rapl:0:0': ['core', 500_000],
    'intel-rapl:0:1': ['dram', 0],
    'intel-rapl:1': ['psys', 7_000_000],
  })
  const meter = nodeMeter(folder)
  for (const [counter, energy] of Object.entries({ 'intel-rapl:0': 3_500_000, 'intel-rapl:0:1': 250_000 }))
    await set(counter, energy)
  await set('intel-rapl:1', 9_000_000)
  expect(meter.usage().joules).toEqual({ 'intel-rapl:0 package-0': 2.5, 'intel-rapl:0:1 dram': 0.25 })
})

test('a counter that began again at zero is followed', async () => {
  const { folder, set } = await powercap({ 'intel-rapl:0': ['package-0', 262_143_000_000] })
  const meter = nodeMeter(folder)
  await set('intel-rapl:0', 671_150)
  expect(meter.usage().joules!['intel-rapl:0 package-0']).toBeCloseTo(1, 9)
  await set('intel-rapl:0', 1_671_150)
  expect(meter.usage().joules!['intel-rapl:0 package-0']).toBeCloseTo(2, 9)
})

test('a machine without counters says so, and gives no joules', async () => {
  const { folder } = await powercap({})
  for (const there of [folder, join(folder, 'none')]) {
    const usage = nodeMeter(there).usage()
    expect(usage.joules).toBeUndefined()
    expect(usage.joulesAbsent).toBe(`no energy counter under ${there}`)
  }
})

test.skipIf(getuid?.() === 0)('counters that only the administrator may read are said to be so', async () => {
  const { folder } = await powercap({ 'intel-rapl:0': ['package-0', 1] })
  await chmod(join(folder, 'intel-rapl:0', 'energy_uj'), 0o000)
  expect(nodeMeter(folder).usage().joulesAbsent).toBe(`the energy counters under ${folder} may not be read`)
})

test('a counter that goes away gives no joules from then on', async () => {
  const { folder } = await powercap({ 'intel-rapl:0': ['package-0', 1] })
  const meter = nodeMeter(folder)
  await rm(join(folder, 'intel-rapl:0'), { recursive: true })
  expect(meter.usage()).toMatchObject({ joulesAbsent: expect.stringContaining('no longer') })
  expect(meter.usage().joules).toBeUndefined()
})

test('time on the cores grows with work', () => {
  const meter = nodeMeter()
  const before = meter.usage().coreSeconds!
  const until = performance.now() + 60
  let sum = 0
  while (performance.now() < until) sum += Math.sqrt(sum + 1)
  expect(meter.usage().coreSeconds! - before).toBeGreaterThan(0.01)
})
