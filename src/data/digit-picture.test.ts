import { expect, test } from 'vitest'
import { drawDigit } from '../../test/drawn-digits.ts'
import { digitOf } from './digit-picture.ts'
import { mnist, readMnist } from './mnist.ts'
import { fetchDataset } from './node.ts'
import type { Picture } from './picture.ts'

const mirror = process.env.NACRE_DATA_MIRROR

const picture = (grey: Float32Array, alpha: Float32Array = new Float32Array(grey.length).fill(1)): Picture => {
  const size = Math.sqrt(grey.length)
  return { width: size, height: size, grey, alpha }
}
const blackOnWhite = (ink: Float32Array) => picture(ink.map(value => 1 - value))
const digit = (source: Picture) => digitOf('digit.png', source)

/** The box of what is drawn, and where its mass lies. */
function measures(field: Float32Array) {
  const on = [...field.keys()].filter(i => field[i] > 0)
  const [columns, rows] = [on.map(i => i % 28), on.map(i => Math.floor(i / 28))]
  const mass = field.reduce((sum, value) => sum + value, 0)
  const mean = (at: (i: number) => number) => on.reduce((sum, i) => sum + field[i] * at(i), 0) / mass
  return {
    width: Math.max(...columns) - Math.min(...columns) + 1,
    height: Math.max(...rows) - Math.min(...rows) + 1,
    x: mean(i => i % 28),
    y: mean(i => Math.floor(i / 28)),
  }
}

const difference = (a: Float32Array, b: Float32Array) =>
  a.reduce((sum, value, i) => sum + Math.abs(value - b[i]), 0) / b.reduce((sum, value) => sum + value, 0)

test('a box of 20 x 20 in the field of 28 x 28, by the centre of mass', () => {
  for (let label = 0; label < 10; label++) {
    const field = digit(blackOnWhite(drawDigit(label, { size: 150, width: 14, scale: 0.6, at: [50, 5], slant: 0.1 })))
    const { width, height, x, y } = measures(field)
    expect(Math.max(width, height)).toBe(20)
    expect(Math.abs(x - 14)).toBeLessThanOrEqual(0.5)
    expect(Math.abs(y - 14)).toBeLessThanOrEqual(0.5)
    expect(Math.max(...field)).toBe(1)
  }
})

test('black on white, white on black, any two colours, and ink on nothing give the same', () => {
  const ink = drawDigit(5, { size: 120, width: 10 })
  const expected = digit(blackOnWhite(ink))
  for (const same of [
    picture(ink),
    picture(ink.map(value => 0.9 - 0.5 * value)),
    picture(
      ink.map(() => 0),
      ink,
    ), // black, on a transparent ground
    picture(
      ink.map(() => 1),
      ink,
    ), // white, on a transparent ground
  ])
    expect(difference(digit(same), expected)).toBeLessThan(0.01)
})

test('size, place and noise hardly matter', () => {
  const expected = digit(blackOnWhite(drawDigit(3, { size: 100, width: 10 })))
  const corner = drawDigit(3, { size: 400, width: 16, scale: 0.4, at: [230, 10] })
  expect(difference(digit(blackOnWhite(corner)), expected)).toBeLessThan(0.1)
  const noisy = drawDigit(3, { size: 100, width: 10 }).map((value, i) => 0.9 - 0.8 * value + 0.04 * Math.sin(i * i))
  expect(difference(digit(picture(noisy)), expected)).toBeLessThan(0.1)
})

test('a pen that is too thin is thickened', () => {
  const expected = digit(blackOnWhite(drawDigit(8, { size: 300, width: 30 })))
  const thin = digit(blackOnWhite(drawDigit(8, { size: 300, width: 3 })))
  const mass = (field: Float32Array) => field.reduce((sum, value) => sum + value, 0)
  expect(mass(thin) / mass(expected)).toBeGreaterThan(0.6)
})

test('a thin pen in a large picture takes no minutes, and gives the same', () => {
  const ring = (size: number, pen: number) => {
    const grey = Float32Array.from({ length: size * size }, (_, i) => {
      const distance = Math.hypot((i % size) - size / 2, Math.floor(i / size) - size / 2)
      return Math.abs(distance - 0.4 * size) < pen / 2 ? 0 : 1
    })
    return { width: size, height: size, grey, alpha: new Float32Array(size * size).fill(1) }
  }
  const started = performance.now()
  const [large, small] = [digitOf('a', ring(2000, 12)), digitOf('a', ring(200, 1.5))]
  expect(performance.now() - started).toBeLessThan(5000)
  const difference = large.reduce((sum, value, i) => sum + Math.abs(value - small[i]), 0) / 784
  expect(difference).toBeLessThan(0.03)
})

test('an empty picture is an error', () => {
  expect(() => digit(picture(new Float32Array(400).fill(1)))).toThrow(
    'digit.png expected a picture of a digit. Received 20 x 20 pixels of one colour. Is anything drawn on it?',
  )
  expect(() => digit(picture(new Float32Array(4), new Float32Array(4)))).toThrow('of one colour')
  expect(() => digit(picture(new Float32Array(400).map((_, i) => 0.9 + 0.01 * Math.sin(i))))).toThrow('of one colour')
})

test.skipIf(!mirror)("MNIST's own images come out as they are (needs NACRE_DATA_MIRROR)", async () => {
  const { test: digits } = await readMnist(await fetchDataset(mnist, { mirror }))
  let same = 0
  for (let i = 0; i < 500; i++) {
    const own = Float32Array.from(digits.pixels.subarray(784 * i, 784 * (i + 1)), value => value / 255)
    if (difference(digit(picture(own)), own) < 0.05) same++
  }
  expect(same).toBeGreaterThan(480)
})
