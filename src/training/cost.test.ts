import { expect, test } from 'vitest'
import type { Meter, Usage } from '../runtime/runtime.ts'
import { memoryStorage } from '../storage/memory.ts'
import { readText } from '../storage/storage.ts'
import { costFile, costLine, openCost, operations } from './cost.ts'

/** A meter that shows what it is told. */
function shown(usage: Usage): Meter & { show(flops: number, usage: Usage): void } {
  let now = usage
  return {
    matmulFlops: 1000,
    usage: () => now,
    show(flops, next) {
      this.matmulFlops = flops
      now = next
    },
  }
}

test('only what was used since the beginning counts; a resumed run adds to its earlier starts, a new one forgets them', async () => {
  const storage = memoryStorage()
  const meter = shown({ coreSeconds: 7, joules: { package: 100 } })
  const first = await openCost(storage, meter, false)
  meter.show(3000, { coreSeconds: 9.5, joules: { package: 150 } })
  expect(await first.write()).toMatchObject({ matmulFlops: 2000, coreSeconds: 2.5, joules: 50 })

  const later = shown({ coreSeconds: 1, joules: { package: 0, dram: 0 } }) // another process
  const second = await openCost(storage, later, true)
  later.show(1500, { coreSeconds: 2, joules: { package: 10, dram: 5 } })
  expect(await second.write()).toMatchObject({ matmulFlops: 2500, coreSeconds: 3.5, joules: 65 })
  later.show(1600, { coreSeconds: 3, joules: { package: 20, dram: 10 } })
  expect(await second.write()).toMatchObject({ matmulFlops: 2600, coreSeconds: 4.5, joules: 80 })
  const stored = JSON.parse(await readText(storage, costFile))
  expect(stored.total).toMatchObject({ matmulFlops: 2600, joules: 80 })
  expect(stored.starts).toMatchObject([{ joules: { package: 50 } }, { joules: { package: 20, dram: 10 } }])

  const fresh = await openCost(storage, later, false)
  expect(await fresh.write()).toMatchObject({ matmulFlops: 0, coreSeconds: 0, joules: 0 })
})

test('joules are said to be absent where one start could not read them', async () => {
  const storage = memoryStorage()
  await (await openCost(storage, shown({ coreSeconds: 1, joules: { package: 1 } }), false)).write()
  const blind = await openCost(storage, shown({ coreSeconds: 1, joulesAbsent: 'no counter' }), true)
  const total = await blind.write()
  expect(total.joules).toBeUndefined()
  expect(total.joulesAbsent).toBe('no counter (in 1 of 2 starts)')
})

test('in words', () => {
  expect(operations(1.5345e12)).toBe('1.53 TFLOP')
  expect(operations(0)).toBe('0 FLOP')
  expect(costLine({ matmulFlops: 2e9, seconds: 65.04, coreSeconds: 120.5, joules: 1234.5 })).toBe(
    'Cost: 2 GFLOP of matrix products, 121 core-seconds in 65 s; 1,235 J of processors and memory.',
  )
  expect(costLine({ matmulFlops: 2e9, seconds: 3.25, joulesAbsent: 'none' })).toBe(
    'Cost: 2 GFLOP of matrix products in 3.25 s; joules not read: none.',
  )
})
