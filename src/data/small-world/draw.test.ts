/** A drawing shows what its caption says: read from the caption's words and the picture's pixels, not from the scene. */
import { expect, test } from 'vitest'
import { smallWorld, smallWorldExamples } from '../small-world.ts'
import { colours, type Picture, rasterize, svg } from './draw.ts'
import type { Position, Scene } from './scene.ts'

const positions: readonly Position[] = ['left', 'middle', 'right']
const captioned = { seed: 9, language: 'en', kind: 'scene', documents: 100 } as const
const scenes = [...smallWorldExamples(captioned)]
const captions = [...smallWorld(captioned).documents()]

/** What a caption says of each place. */
function told(caption: string): Partial<Record<Position, { size: string; colour: string; figure: string }>> {
  const phrases = caption.matchAll(/an? (big|small) (\w+) (\w+) (?:on the|in the) (left|middle|right)/g)
  return Object.fromEntries(
    Array.from(phrases, ([, size, colour, figure, position]) => [position, { size, colour, figure }]),
  )
}

/** Pixels around a place, where things stand; the widest thing of another place ends before. */
function pixelsAt({ width, height, rgb }: Picture, position: Position): string[] {
  const centre = (0.18 + 0.32 * positions.indexOf(position)) * width
  const first = Math.ceil(centre - 0.13 * width)
  const found: string[] = []
  for (let row = Math.floor(0.5 * height); row < height; row++) {
    for (let column = first; column < centre + 0.13 * width; column++)
      found.push(rgb.slice((row * width + column) * 3, (row * width + column) * 3 + 3).join(','))
  }
  return found
}

const count = (pixels: readonly string[], colour: string) =>
  pixels.filter(pixel => pixel === colours[colour].join(',')).length

test('where the caption has a thing there is its colour, where it has none there is only sky and ground', () => {
  expect(scenes).toHaveLength(captions.length)
  for (const [i, { scene }] of scenes.entries()) {
    const picture = rasterize(scene, 48)
    const things = told(captions[i])
    expect(Object.keys(things).length).toBeGreaterThan(0)
    const smooth = (pixels: string[]) => new Set(pixels).size
    for (const position of positions) {
      const pixels = pixelsAt(picture, position)
      const thing = things[position]
      // Without a thing: sky and ground, and a row where both are mixed at the horizon.
      const shows = thing ? count(pixels, thing.colour) > 8 : smooth(pixels) <= 3
      expect([captions[i], position, shows]).toEqual([captions[i], position, true])
    }
  }
})

const plain: Scene = { sky: 'sunny', ground: 'meadow', objects: [] }
const one = (thing: Partial<Scene['objects'][number]>): Scene => {
  return { ...plain, objects: [{ position: 'middle', colour: 'red', size: 'big', figure: 'box', ...thing }] }
}
const words = (field: 'figure' | 'size' | 'colour') => [
  ...new Set(scenes.flatMap(({ scene }) => scene.objects.map(thing => thing[field]))),
]

test('big is larger than small, for every figure', () => {
  expect(words('size').toSorted()).toEqual(['big', 'small'])
  for (const figure of words('figure')) {
    const [big, small] = ['big', 'small'].map(size =>
      count(pixelsAt(rasterize(one({ figure, size })), 'middle'), 'red'),
    )
    expect([figure, big > 2 * small, small > 0]).toEqual([figure, true, true])
  }
})

test('no two words of a kind are drawn alike', () => {
  const drawings = [
    words('figure').map(figure => one({ figure })),
    words('colour').map(colour => one({ colour })),
    positions.map(position => one({ position })),
    [...new Set(scenes.map(({ scene }) => scene.sky))].map(sky => ({ ...plain, sky })),
    [...new Set(scenes.map(({ scene }) => scene.ground))].map(ground => ({ ...plain, ground })),
  ]
  for (const kind of drawings) {
    expect(kind.length).toBeGreaterThan(2)
    for (const draw of [(scene: Scene) => rasterize(scene).rgb.join(), svg])
      expect(new Set(kind.map(draw)).size).toBe(kind.length)
  }
})
