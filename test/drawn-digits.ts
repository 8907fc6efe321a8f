import { Random } from '../src/base/random.ts'
import { digitOf } from '../src/data/digit-picture.ts'
import type { Digits } from '../src/data/mnist.ts'

type Point = readonly [x: number, y: number]

/** Pen strokes of each digit in a square of 100 x 100, y downwards. */
const strokes: readonly (readonly (readonly Point[])[])[] = [
  [
    [
      [50, 10],
      [25, 25],
      [18, 50],
      [25, 78],
      [50, 90],
      [75, 78],
      [82, 50],
      [75, 25],
      [50, 10],
    ],
  ],
  [
    [
      [40, 25],
      [55, 10],
      [55, 90],
    ],
  ],
  [
    [
      [22, 30],
      [35, 12],
      [60, 10],
      [75, 25],
      [70, 45],
      [45, 68],
      [22, 90],
      [80, 88],
    ],
  ],
  [
    [
      [25, 15],
      [50, 8],
      [72, 20],
      [68, 38],
      [45, 48],
      [72, 58],
      [76, 75],
      [55, 92],
      [25, 85],
    ],
  ],
  [
    [
      [60, 8],
      [20, 60],
      [82, 60],
    ],
    [
      [62, 35],
      [60, 92],
    ],
  ],
  [
    [
      [75, 10],
      [32, 12],
      [28, 45],
      [52, 40],
      [75, 55],
      [74, 78],
      [50, 92],
      [22, 84],
    ],
  ],
  [
    [
      [68, 10],
      [42, 28],
      [26, 58],
      [32, 84],
      [55, 92],
      [74, 78],
      [70, 58],
      [50, 52],
      [30, 64],
    ],
  ],
  [
    [
      [20, 12],
      [80, 12],
      [45, 90],
    ],
  ],
  [
    [
      [50, 48],
      [28, 32],
      [35, 12],
      [60, 8],
      [74, 24],
      [62, 42],
      [34, 62],
      [26, 80],
      [48, 93],
      [72, 84],
      [74, 64],
      [50, 48],
    ],
  ],
  [
    [
      [74, 30],
      [58, 12],
      [34, 16],
      [26, 36],
      [40, 52],
      [62, 46],
      [74, 30],
      [72, 60],
      [60, 92],
    ],
  ],
]

export interface Pen {
  /** Side of the square picture, in pixels. */
  readonly size: number
  /** Width of the stroke, in pixels. */
  readonly width: number
  /** How far the digit leans, 0 for upright. */
  readonly slant?: number
  /** Share of the picture that the digit's square takes, and where it begins, in pixels. */
  readonly scale?: number
  readonly at?: Point
}

/** A digit drawn with a round pen: from 0, paper, to 1, ink; [size x size]. */
export function drawDigit(digit: number, { size, width, slant = 0, scale = 1, at = [0, 0] }: Pen): Float32Array {
  const unit = (size / 100) * scale
  const place = ([x, y]: Point): Point => [at[0] + unit * (x + slant * (50 - y)), at[1] + unit * y]
  const segments = strokes[digit].flatMap(line => line.slice(1).map((end, i) => [place(line[i]), place(end)] as const))
  return Float32Array.from({ length: size * size }, (_, i) => {
    const point: Point = [(i % size) + 0.5, Math.floor(i / size) + 0.5]
    const distance = Math.min(...segments.map(([a, b]) => distanceToSegment(point, a, b)))
    return Math.min(1, Math.max(0, width / 2 - distance + 0.5))
  })
}

function distanceToSegment([px, py]: Point, [ax, ay]: Point, [bx, by]: Point): number {
  const [dx, dy] = [bx - ax, by - ay]
  const t = Math.min(1, Math.max(0, ((px - ax) * dx + (py - ay) * dy) / (dx * dx + dy * dy)))
  return Math.hypot(px - ax - t * dx, py - ay - t * dy)
}

/** Digits in random order, leaning and drawn with different pens, placed as MNIST's are: a small stand-in for it. */
export function drawnDigits(count: number, seed: number): Digits {
  const random = new Random(seed, 'drawn digits')
  const between = (low: number, high: number) => low + (high - low) * random.uniform()
  const labels = Uint8Array.from({ length: count }, () => random.integer(10))
  const pixels = new Uint8Array(count * 784)
  const [size, alpha] = [28, new Float32Array(784).fill(1)]
  for (const [i, label] of labels.entries()) {
    const grey = drawDigit(label, { size, width: between(1.5, 4), slant: between(-0.2, 0.4) })
    const placed = digitOf('a drawn digit', { width: size, height: size, grey, alpha })
    pixels.set(
      placed.map(ink => Math.round(255 * ink)),
      i * 784,
    )
  }
  return { count, pixels, labels }
}
