import { readFileSync } from 'node:fs'
import { elementCount, type Shape } from '../../src/base/shape.ts'

/** How a golden file describes an input instead of storing it; see scripts/goldens/gpt2.py. */
export interface ValueSpecification {
  readonly shape: Shape
  readonly offset: number
  readonly scale: number
}

/** A golden file of test/goldens. */
export function readGolden<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(`../goldens/${file}`, import.meta.url), 'utf8')) as T
}

/** Element i is offset + (u / 2³² - 1/2) scale, where u is a hash of the name and i. */
export function goldenValues(name: string, { shape, offset, scale }: ValueSpecification): Float32Array {
  const start = hashOfName(name)
  return Float32Array.from({ length: elementCount(shape) }, (_, i) => {
    let u = (Math.imul(i, 2654435761) + start) >>> 0
    u = Math.imul(u ^ (u >>> 16), 0x85ebca6b) >>> 0
    u = Math.imul(u ^ (u >>> 13), 0xc2b2ae35) >>> 0
    u = (u ^ (u >>> 16)) >>> 0
    return offset + (u / 2 ** 32 - 0.5) * scale
  })
}

/** FNV-1a over the bytes of a name. */
function hashOfName(name: string): number {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193)
  return hash >>> 0
}
