/** Two texts with room for so many tokens together: where they are too long, the longer loses its end. */
export function cutPair(
  first: ArrayLike<number>,
  second: ArrayLike<number>,
  room: number,
): [first: number[], second: number[]] {
  const half = Math.floor(room / 2)
  const kept = first.length <= half ? first.length : Math.max(half, room - second.length)
  const begin = Array.from(first).slice(0, kept)
  return [begin, Array.from(second).slice(0, room - begin.length)]
}
