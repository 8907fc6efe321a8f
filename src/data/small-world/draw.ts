/** Draws a scene from a few shapes: as a small raster image for models, as SVG for people. */
import type { Position, Scene, SceneObject } from './scene.ts'

/** Red, green, blue, row by row from the top. */
export interface Picture {
  readonly width: number
  readonly height: number
  /** [height, width, 3], 0 to 255 */
  readonly rgb: Uint8Array
}

type Colour = readonly [red: number, green: number, blue: number]

/** In units of the picture's side: x to the right, y down, both from 0 to 1. */
type Shape =
  | {
      readonly type: 'circle'
      readonly x: number
      readonly y: number
      readonly radius: number
      readonly colour: Colour
    }
  | { readonly type: 'polygon'; readonly points: readonly (readonly [number, number])[]; readonly colour: Colour }

/** What is painted in which colour, by the words of the lexicon. */
export const colours: Readonly<Record<string, Colour>> = {
  red: [220, 40, 40],
  blue: [40, 70, 220],
  green: [30, 140, 50],
  yellow: [245, 215, 40],
  orange: [245, 140, 20],
  white: [255, 255, 255],
  black: [20, 20, 20],
  purple: [140, 50, 170],
}

const brown: Colour = [120, 80, 40]
const skies: Readonly<Record<string, Colour>> = {
  sunny: [135, 205, 250],
  cloudy: [190, 200, 210],
  rainy: [130, 145, 165],
  starry: [25, 30, 70],
}
const grounds: Readonly<Record<string, Colour>> = {
  meadow: [120, 200, 90],
  sand: [230, 205, 150],
  snow: [205, 220, 240],
  street: [120, 120, 125],
}

const centres: Readonly<Record<Position, number>> = { left: 0.18, middle: 0.5, right: 0.82 }
const horizon = 0.6

/** The shapes of a scene, from back to front. */
export function shapes({ sky, ground, objects }: Scene): Shape[] {
  return [
    box(0, 0, 1, horizon, skies[sky]),
    ...weather[sky](),
    box(0, horizon, 1, 1 - horizon, grounds[ground]),
    ...objects.flatMap(placed),
  ]
}

/** The shapes of an object, which stands on the ground. */
function placed({ figure, position, size, colour }: SceneObject): Shape[] {
  const unit = size === 'big' ? 0.34 : 0.19
  return figures[figure]({
    x: x => centres[position] + x * unit,
    y: y => 0.9 - y * unit,
    unit,
    colour: colours[colour],
  })
}

/** Where a figure is: its foot is (0, 0), its height and width are about 1. */
interface Placed {
  x(x: number): number
  y(y: number): number
  readonly unit: number
  readonly colour: Colour
}

type Figure = (at: Placed) => Shape[]

const box = (x: number, y: number, width: number, height: number, colour: Colour): Shape => ({
  type: 'polygon',
  points: [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ],
  colour,
})

const circle = (at: Placed, x: number, y: number, radius: number, colour: Colour = at.colour): Shape => ({
  type: 'circle',
  x: at.x(x),
  y: at.y(y),
  radius: radius * at.unit,
  colour,
})

const polygon = (at: Placed, points: readonly (readonly [number, number])[], colour: Colour = at.colour): Shape => ({
  type: 'polygon',
  points: points.map(([x, y]) => [at.x(x), at.y(y)] as const),
  colour,
})

const rectangle = (at: Placed, left: number, bottom: number, right: number, top: number, colour?: Colour): Shape =>
  polygon(
    at,
    [
      [left, bottom],
      [right, bottom],
      [right, top],
      [left, top],
    ],
    colour,
  )

/** By the words of the lexicon. */
const figures: Readonly<Record<string, Figure>> = {
  ball: at => [circle(at, 0, 0.45, 0.45)],
  box: at => [rectangle(at, -0.45, 0, 0.45, 0.8)],
  kite: at => [
    polygon(at, [
      [0, 0],
      [0.4, 0.65],
      [0, 1],
      [-0.4, 0.65],
    ]),
  ],
  tree: at => [rectangle(at, -0.1, 0, 0.1, 0.4, brown), circle(at, 0, 0.7, 0.42)],
  house: at => [
    rectangle(at, -0.42, 0, 0.42, 0.55),
    polygon(
      at,
      [
        [-0.52, 0.55],
        [0.52, 0.55],
        [0, 1],
      ],
      brown,
    ),
  ],
  tent: at => [
    polygon(at, [
      [-0.5, 0],
      [0.5, 0],
      [0, 0.9],
    ]),
  ],
  boat: at => [
    polygon(at, [
      [-0.5, 0.3],
      [0.5, 0.3],
      [0.3, 0],
      [-0.3, 0],
    ]),
    polygon(at, [
      [-0.05, 0.35],
      [0.4, 0.35],
      [-0.05, 1],
    ]),
  ],
  flower: at => [
    rectangle(at, -0.06, 0, 0.06, 0.6, colours.green),
    circle(at, -0.2, 0.75, 0.2),
    circle(at, 0.2, 0.75, 0.2),
    circle(at, 0, 0.95, 0.2),
    circle(at, 0, 0.55, 0.2),
  ],
  flag: at => [rectangle(at, -0.4, 0, -0.3, 1, brown), rectangle(at, -0.3, 0.5, 0.5, 1)],
  cup: at => [
    polygon(at, [
      [-0.25, 0],
      [0.25, 0],
      [0.4, 0.7],
      [-0.4, 0.7],
    ]),
  ],
}

/** What is in the sky. */
const weather: Readonly<Record<string, () => Shape[]>> = {
  sunny: () => [{ type: 'circle', x: 0.88, y: 0.12, radius: 0.09, colour: [255, 225, 90] }],
  cloudy: () => [...cloud(0.3, 0.15, [235, 238, 242]), ...cloud(0.75, 0.22, [235, 238, 242])],
  rainy: () => [
    ...cloud(0.5, 0.12, [90, 95, 110]),
    ...[0.36, 0.46, 0.56, 0.66].map(x => box(x, 0.2, 0.025, 0.16, [70, 110, 190])),
  ],
  starry: () => [
    { type: 'circle', x: 0.15, y: 0.15, radius: 0.09, colour: [240, 240, 210] },
    ...[0.4, 0.62, 0.85].map((x, i) => box(x, 0.08 + 0.08 * (i % 2), 0.035, 0.035, [250, 250, 230])),
  ],
}

const cloud = (x: number, y: number, colour: Colour): Shape[] =>
  [-0.09, 0, 0.09].map(offset => ({
    type: 'circle',
    x: x + offset,
    y: y - (offset === 0 ? 0.03 : 0),
    radius: 0.08,
    colour,
  }))

/** Samples of a pixel along each side. */
const samples = 4

/**
 * A raster image of the scene.
 * @param side - width and height in pixels
 */
export function rasterize(scene: Scene, side: number = 32): Picture {
  const painted = shapes(scene)
  const rgb = new Uint8Array(side * side * 3)
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const sum = [0, 0, 0]
      for (let i = 0; i < samples * samples; i++) {
        const x = (column + ((i % samples) + 0.5) / samples) / side
        const y = (row + (Math.floor(i / samples) + 0.5) / samples) / side
        const { colour } = painted.findLast(shape => covers(shape, x, y))!
        for (let channel = 0; channel < 3; channel++) sum[channel] += colour[channel]
      }
      for (let channel = 0; channel < 3; channel++)
        rgb[(row * side + column) * 3 + channel] = Math.round(sum[channel] / samples ** 2)
    }
  }
  return { width: side, height: side, rgb }
}

function covers(shape: Shape, x: number, y: number): boolean {
  if (shape.type === 'circle') return (x - shape.x) ** 2 + (y - shape.y) ** 2 <= shape.radius ** 2
  // A ray to the right crosses the outline an odd number of times.
  let inside = false
  const { points } = shape
  for (let i = 0, before = points.length - 1; i < points.length; before = i++) {
    const [x1, y1] = points[i]
    const [x2, y2] = points[before]
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside
  }
  return inside
}

/** The same picture as SVG. */
export function svg(scene: Scene, side: number = 320): string {
  const number = (value: number): string => String(Number((value * side).toFixed(2)))
  const drawn = shapes(scene).map(shape => {
    const fill = `fill="rgb(${shape.colour.join(',')})"`
    return shape.type === 'circle'
      ? `<circle cx="${number(shape.x)}" cy="${number(shape.y)}" r="${number(shape.radius)}" ${fill}/>`
      : `<polygon points="${shape.points.map(point => point.map(number).join(',')).join(' ')}" ${fill}/>`
  })
  const open = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}" viewBox="0 0 ${side} ${side}">`
  return `${open}\n${drawn.join('\n')}\n</svg>\n`
}
