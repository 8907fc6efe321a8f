import { readdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { prove } from './proofs/proof.ts'
import { table } from './proofs/table.ts'

const runtime = nodeRuntime({ threads: 1 })

for (const { op, proof } of table) {
  test(`${op.name}: shape, values and gradient`, async () => {
    expect(await prove(runtime, op, proof)).toEqual([])
  })
}

test('every file of ops is in the table', async () => {
  const directory = new URL('../../src/ops/', import.meta.url)
  const files = readdirSync(directory).filter(name => name.endsWith('.ts') && !name.endsWith('.test.ts'))
  const proven = new Set(table.map(({ op }) => op))
  for (const file of files) {
    const exported = Object.values((await import(new URL(file, directory).href)) as Record<string, object>)
    const missing = exported.filter(value => 'infer' in value && !proven.has(value as never))
    expect(missing).toEqual([])
  }
})
