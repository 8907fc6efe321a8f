/** The way from the root of a binary tree to each word: inner nodes, and at each the turn taken. */
export interface TreePaths {
  /** Word w's way is entries starts[w] to starts[w + 1] of the two arrays. */
  readonly starts: Int32Array
  /** Inner nodes, the root last: 0 to words - 2. */
  readonly nodes: Int32Array
  /** 1 where the way turns right. */
  readonly turns: Uint8Array
  /** Nodes of the longest way. */
  readonly longest: number
}

/**
 * The tree with the shortest mean way, frequent words near the root: the two rarest nodes are joined until one is left.
 * Huffman, A Method for the Construction of Minimum-Redundancy Codes, 1952.
 *
 * @param counts - of each word, in falling order, at least one word
 */
export function huffmanTree(counts: ArrayLike<number>): TreePaths {
  const words = counts.length
  const weight = new Float64Array(2 * words - 1)
  const parent = new Int32Array(2 * words - 1)
  const right = new Uint8Array(2 * words - 1)
  for (let word = 0; word < words; word++) weight[word] = counts[word]
  // Words from the rarest up, and joined nodes in the order of their making, are two sorted queues.
  let word = words - 1
  let joined = words
  for (let made = words; made < 2 * words - 1; made++) {
    const rarest = () => (word >= 0 && (joined === made || weight[word] < weight[joined]) ? word-- : joined++)
    const left = rarest()
    const other = rarest()
    weight[made] = weight[left] + weight[other]
    parent[left] = parent[other] = made
    right[other] = 1
  }
  const root = 2 * words - 2
  const starts = new Int32Array(words + 1)
  const depth = (at: number): number => {
    let steps = 0
    for (; at !== root; at = parent[at]) steps++
    return steps
  }
  let longest = 0
  for (let w = 0; w < words; w++) {
    const steps = depth(w)
    starts[w + 1] = starts[w] + steps
    longest = Math.max(longest, steps)
  }
  const nodes = new Int32Array(starts[words])
  const turns = new Uint8Array(starts[words])
  for (let w = 0; w < words; w++) {
    let entry = starts[w + 1]
    for (let at = w; at !== root; at = parent[at]) {
      nodes[--entry] = parent[at] - words
      turns[entry] = right[at]
    }
  }
  return { starts, nodes, turns, longest }
}
