import { elementCount } from '../base/shape.ts'
import { scatterRows } from '../ops/indexing.ts'
import { apply, constant, full, type Tensor } from '../tensor/tensor.ts'
import type { Rule } from './rewrite.ts'

/** Elements of updates that ONNX Runtime surely adds on one thread: its cost model needs 210,000 to ask for a second. */
const slabElements = 131_072

/**
 * Many rows are added to a table one slab after the other. ScatterND with reduction=add shares large updates among
 * threads without a lock, so that of rows with equal ids some are lost (microsoft/onnxruntime issue 23396; still in 1.30).
 */
export const serializeScatter: Rule = ({ op, inputs: [table, places, updates] }) => {
  if (op.name !== 'scatterAdd' || elementCount(updates.shape) <= slabElements) return undefined
  const count = elementCount(places.shape)
  if (count === 1) return undefined
  const [size, ...row] = table.shape
  const ids = places.reshape([count])
  const rows = updates.reshape([count, ...row])
  if (size <= count) return [addInSlabs(table, ids, rows)]
  // Every slab copies what it adds to. A large table is spared: rows of equal ids are first summed in the place of one
  // of them; then each is written with the whole sum.
  const own = constant([...Array(count).keys()], [count], 'int64')
  const first = writeRows(full([size], 0).cast('int64'), ids, own).gather(ids) // [N], equal where ids are
  const sums = addInSlabs(full([count, ...row], 0), first, rows).gather(first)
  return [writeRows(table, ids, table.gather(ids).add(sums))]
}

/** table[ids[i]] += rows[i], one slab of rows after the other. */
function addInSlabs(table: Tensor, ids: Tensor, rows: Tensor): Tensor {
  const [count, ...row] = rows.shape
  const slabRows = Math.max(1, Math.floor(slabElements / elementCount(row)))
  const sizes = Array.from({ length: Math.ceil(count / slabRows) }, (_, i) => Math.min(slabRows, count - i * slabRows))
  const slabs = rows.split(sizes, 0)
  return ids.split(sizes, 0).reduce((sum, slab, i) => sum.scatterAdd(slab, slabs[i]), table)
}

const writeRows = (table: Tensor, ids: Tensor, rows: Tensor): Tensor =>
  apply(scatterRows, [table, ids.reshape([...ids.shape, 1]), rows], {})
