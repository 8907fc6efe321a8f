/**
 * A picture of a digit as MNIST would have it: ink on paper, scaled into a box of 20 x 20 with its proportions, in a
 * field of 28 x 28 by its centre of mass. LeCun et al., 1998, section III.A.
 */
import { DataError } from '../base/errors.ts'
import { digitSize } from './mnist.ts'
import type { Picture } from './picture.ts'

/** A rectangle of ink: 0 is paper, 1 is ink. */
interface Ink {
  readonly width: number
  readonly height: number
  readonly values: Float32Array
}

/** Side of the box that the digit is scaled into. */
const boxSize = 20
/** Strokes thinner than this, in MNIST's pixels, are rare there; a thinner pen is thickened to MNIST's usual one. */
const thinnestStroke = 1
const usualStroke = 2
/** A picture larger than this is made smaller before its lines are thickened. */
const thickenedSize = 280
/** Ink below this share of the darkest is taken for paper: noise, shadows. */
const paperShare = 0.1
/** The least difference in brightness that is a drawing. */
const faintest = 0.1

/**
 * The digit's pixels, from 0, paper, to 1, ink: [28 x 28].
 * @throws {DataError} if the picture is of one colour
 */
export function digitOf(what: string, picture: Picture): Float32Array {
  const ink = crop(inkOf(what, picture))
  return placeByMass(darken(fit(isThin(ink) ? thickened(ink) : ink, boxSize)))
}

const scaleOf = ({ width, height }: Ink): number => boxSize / Math.max(width, height)
const isThin = (ink: Ink): boolean => strokeWidth(ink) * scaleOf(ink) < thinnestStroke

/** As with a usual pen; a large picture is made smaller first, for the time that a disc takes. */
function thickened(ink: Ink): Ink {
  const small = Math.max(ink.width, ink.height) > thickenedSize ? darken(fit(ink, thickenedSize)) : ink
  return crop(thicken(small, (usualStroke / scaleOf(small) - strokeWidth(small)) / 2))
}

/** Difference from the paper, which is what lies along the edge; its largest is 1. Works for white on black as well. */
function inkOf(what: string, { width, height, grey, alpha }: Picture): Ink {
  const edge: number[] = []
  for (let i = 0; i < width * height; i++) {
    const [x, y] = [i % width, Math.floor(i / width)]
    if (x === 0 || y === 0 || x === width - 1 || y === height - 1) edge.push(i)
  }
  const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]
  const clear = median(edge.map(i => alpha[i])) < 0.5 // drawn on nothing: what is not transparent is ink
  const paper = median(edge.map(i => grey[i]))
  const values = grey.map((value, i) => (clear ? alpha[i] : alpha[i] * Math.abs(value - paper)))
  const darkest = values.reduce((a, b) => Math.max(a, b), 0)
  if (darkest < faintest) {
    const received = `${width} x ${height} pixels of one colour`
    throw new DataError({ what, expected: 'a picture of a digit', received, hint: 'Is anything drawn on it?' })
  }
  return { width, height, values: values.map(value => (value < paperShare * darkest ? 0 : value / darkest)) }
}

/** Without the empty rows and columns around it. */
function crop({ width, height, values }: Ink): Ink {
  let [left, right, top, bottom] = [width, -1, height, -1]
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 0) continue
    const [x, y] = [i % width, Math.floor(i / width)]
    left = Math.min(left, x)
    right = Math.max(right, x)
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
  }
  const [columns, rows] = [right - left + 1, bottom - top + 1]
  const inside = new Float32Array(columns * rows)
  for (let y = 0; y < rows; y++) {
    const start = (top + y) * width + left
    inside.set(values.subarray(start, start + columns), y * columns)
  }
  return { width: columns, height: rows, values: inside }
}

/** Twice the area over the outline: the width of a line that is long. In pixels. */
function strokeWidth({ width, height, values }: Ink): number {
  const isInk = (x: number, y: number) => x >= 0 && y >= 0 && x < width && y < height && values[y * width + x] >= 0.5
  let [area, outline] = [0, 0]
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      if (!isInk(x, y)) continue
      area++
      for (const [dx, dy] of [
        [1, 0],
        [-1, 0],
        [0, 1],
        [0, -1],
      ] as const)
        if (!isInk(x + dx, y + dy)) outline++
    }
  }
  return outline === 0 ? 0 : (2 * area) / outline
}

/** Each point becomes a disc of this radius: the darkest ink within reach, fading over the last pixel. */
function thicken({ width, height, values }: Ink, radius: number): Ink {
  const margin = Math.ceil(radius)
  const [columns, rows] = [width + 2 * margin, height + 2 * margin]
  const thick = new Float32Array(columns * rows)
  const disc: [dx: number, dy: number, share: number][] = []
  for (let dy = -margin; dy <= margin; dy++) {
    for (let dx = -margin; dx <= margin; dx++) {
      const share = Math.min(1, radius + 1 - Math.hypot(dx, dy))
      if (share > 0) disc.push([dx, dy, share])
    }
  }
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = values[y * width + x]
      if (value === 0) continue
      for (const [dx, dy, share] of disc) {
        const at = (y + margin + dy) * columns + x + margin + dx
        thick[at] = Math.max(thick[at], value * share)
      }
    }
  }
  return { width: columns, height: rows, values: thick }
}

/** Scaled to touch a square of this side: each pixel is the mean of what it covers. */
function fit({ width, height, values }: Ink, side: number): Ink {
  const scale = side / Math.max(width, height)
  const [columns, rows] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))]
  const across = coverage(width, columns)
  const down = coverage(height, rows)
  const scaled = new Float32Array(columns * rows)
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      let sum = 0
      for (const [j, v] of down[y]) for (const [i, u] of across[x]) sum += u * v * values[j * width + i]
      scaled[y * columns + x] = sum
    }
  }
  return { width: columns, height: rows, values: scaled }
}

/** For each of `to` pixels, the pixels of `from` that it covers, with their shares, which add up to 1. */
function coverage(from: number, to: number): readonly (readonly [index: number, share: number])[][] {
  const size = from / to
  return Array.from({ length: to }, (_, k) => {
    const [begin, end] = [k * size, (k + 1) * size]
    const shares: [number, number][] = []
    for (let i = Math.floor(begin); i < Math.min(from, Math.ceil(end)); i++) {
      shares.push([i, (Math.min(end, i + 1) - Math.max(begin, i)) / size])
    }
    return shares
  })
}

/** Stretched so that the darkest is black. */
function darken({ values, ...size }: Ink): Ink {
  const darkest = values.reduce((a, b) => Math.max(a, b), 0)
  return { ...size, values: values.map(value => value / darkest) }
}

/** In the field, so that the centre of mass comes as near as may be to pixel (14, 14), where MNIST has it. */
function placeByMass({ width, height, values }: Ink): Float32Array {
  let [mass, x, y] = [0, 0, 0]
  for (let i = 0; i < values.length; i++) {
    mass += values[i]
    x += values[i] * (i % width)
    y += values[i] * Math.floor(i / width)
  }
  const offset = (moment: number, size: number) =>
    Math.min(digitSize - size, Math.max(0, Math.round(digitSize / 2 - moment / mass)))
  const [left, top] = [offset(x, width), offset(y, height)]
  const field = new Float32Array(digitSize * digitSize)
  for (let row = 0; row < height; row++) {
    field.set(values.subarray(row * width, (row + 1) * width), (top + row) * digitSize + left)
  }
  return field
}
