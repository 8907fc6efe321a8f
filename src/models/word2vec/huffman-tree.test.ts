import { expect, test } from 'vitest'
import { Random } from '../../base/random.ts'
import { huffmanTree } from './huffman-tree.ts'

/** The cost of the best tree, by the slow rule: join the two smallest until one is left. */
function bestCost(counts: readonly number[]): number {
  const weights = [...counts]
  let cost = 0
  while (weights.length > 1) {
    weights.sort((a, b) => b - a)
    const joined = weights.pop()! + weights.pop()!
    cost += joined
    weights.push(joined)
  }
  return cost
}

const random = new Random(1, 'huffman')
const many = Array.from({ length: 300 }, () => 1 + random.integer(1000)).sort((a, b) => b - a)

test.each([[[3]], [[2, 1]], [[5, 5, 5]], [[40, 30, 20, 5, 5]], [[1, 1, 1, 1, 1, 1, 1]], [many]])(
  'the shortest tree in which no way is the beginning of another (case %#)',
  counts => {
    const { starts, nodes, turns, longest } = huffmanTree(counts)
    const ways = counts.map((_, word) => {
      const [begin, end] = [starts[word], starts[word + 1]]
      return { nodes: [...nodes.subarray(begin, end)], turns: turns.subarray(begin, end).join('') }
    })
    expect(counts.reduce((sum, count, word) => sum + count * ways[word].turns.length, 0)).toBe(bestCost(counts))
    expect(longest).toBe(Math.max(...ways.map(way => way.turns.length)))
    // The shares of all leaves fill the tree.
    const filled = ways.reduce((sum, way) => sum + 2 ** -way.turns.length, 0)
    expect(filled).toBeCloseTo(1, 12)
    // What was turned before decides on the node: ways part and do not meet again.
    const nodeAt = new Map<string, number>()
    for (const way of ways) {
      expect(way.nodes[0] ?? -1).toBe(counts.length - 2)
      for (const [depth, node] of way.nodes.entries()) {
        const before = way.turns.slice(0, depth)
        expect(nodeAt.get(before) ?? node).toBe(node)
        nodeAt.set(before, node)
      }
    }
    expect(new Set(nodeAt.values()).size).toBe(counts.length - 1)
  },
)
