import type { Kernel } from './kernel.ts'
import type { Word2vecMemory } from './memory.ts'
import { interpolatedSigmoid } from './sigmoid-table.ts'

/** The slow twin: plain TypeScript, each operation rounded to float32, sums in four lanes as the fast one has them. */
export function plainKernel({ floats, words, rowLength, size: { group } }: Word2vecMemory): Kernel {
  const { fround } = Math
  const rates = new Float32Array(group)

  /** o·h: four partial sums, then (0 + 2) + (1 + 3). */
  const dot = (a: number, b: number): number => {
    let s0 = 0
    let s1 = 0
    let s2 = 0
    let s3 = 0
    for (let i = 0; i < rowLength; i += 4) {
      s0 = fround(s0 + fround(floats[a + i] * floats[b + i]))
      s1 = fround(s1 + fround(floats[a + i + 1] * floats[b + i + 1]))
      s2 = fround(s2 + fround(floats[a + i + 2] * floats[b + i + 2]))
      s3 = fround(s3 + fround(floats[a + i + 3] * floats[b + i + 3]))
    }
    return fround(fround(s0 + s2) + fround(s1 + s3))
  }

  const learn = (hidden: number, error: number, targets: number, labels: number, groups: number, rate: number) => {
    const h = hidden >>> 2
    const e = error >>> 2
    rate = fround(rate)
    for (let first = 0; first < groups * group; first += group) {
      const target = (targets >>> 2) + first
      const label = (labels >>> 2) + first
      for (let k = 0; k < group; k++) {
        const prediction = interpolatedSigmoid(floats, dot(words[target + k] >>> 2, h))
        rates[k] = fround(fround(floats[label + k] - prediction) * rate)
      }
      for (let i = 0; i < rowLength; i++) {
        const value = floats[h + i]
        let sum = floats[e + i]
        for (let k = 0; k < group; k++) {
          const o = (words[target + k] >>> 2) + i
          sum = fround(sum + fround(rates[k] * floats[o]))
          floats[o] = fround(floats[o] + fround(rates[k] * value))
        }
        floats[e + i] = sum
      }
    }
  }

  return {
    learn,
    learnRow: (hidden, targets, labels, rate) => learn(hidden, hidden, targets, labels, 1, rate),
    add(row, value) {
      for (let i = 0; i < rowLength; i++) floats[(row >>> 2) + i] += floats[(value >>> 2) + i]
    },
    scale(row, factor) {
      for (let i = 0; i < rowLength; i++) floats[(row >>> 2) + i] *= fround(factor)
    },
    clear(row) {
      floats.fill(0, row >>> 2, (row >>> 2) + rowLength)
    },
  }
}
