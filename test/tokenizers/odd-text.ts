import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Kinds {
  readonly atoms: readonly string[]
  readonly ranges: readonly (readonly [first: number, last: number])[]
}

const { atoms, ranges }: Kinds = JSON.parse(
  readFileSync(join(import.meta.dirname, '../goldens/tokenizers.json'), 'utf8'),
)

/** The same as odd_text in scripts/goldens/tokenization.py: kinds of pieces drawn by a linear congruential generator. */
export function oddText(seed: number, length: number): string {
  let state = seed
  const below = (bound: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return (state >>> 8) % bound
  }
  let text = ''
  for (let i = 0; i < length; i++) {
    const kind = below(6)
    if (kind < 3) text += atoms[below(atoms.length)]
    else if (kind === 3) text += atoms[below(atoms.length)].repeat(1 + below(5))
    else {
      const [first, last] = ranges[below(ranges.length)]
      text += String.fromCodePoint(first + below(last - first + 1))
    }
  }
  return text
}

/** Of ids, as the golden files keep it. */
export function digest(ids: Int32Array): string {
  const bytes = new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength)
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32)
}
