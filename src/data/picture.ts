/** Pictures as grey and alpha: from PNG files, and from drawings in characters. */
import type { DecodedPng } from 'fast-png'
import { DataError } from '../base/errors.ts'

export interface Picture {
  readonly width: number
  readonly height: number
  /** Brightness of each pixel, row by row, from 0, black, to 1, white. */
  readonly grey: Float32Array
  /** From 0, transparent, to 1. */
  readonly alpha: Float32Array
}

/** The first bytes of every PNG file. */
const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

/** Pixels of the largest picture that is read: 8192 x 8192. */
const largestPicture = 2 ** 26

/**
 * Decodes a PNG file: grey, RGB, with or without alpha, palette, 1 to 16 bits; interlaced, 8 or 16 bits.
 * @param what - how messages name the file
 * @throws {DataError} if the bytes are no PNG, or a damaged or too large one
 */
export async function readPng(what: string, bytes: Uint8Array): Promise<Picture> {
  if (!signature.every((byte, i) => bytes[i] === byte)) {
    const received = bytes.length === 0 ? 'an empty file' : (formatOf(bytes) ?? 'another kind of file')
    throw new DataError({ what, expected: 'a PNG picture', received, hint: 'Save the picture as PNG.' })
  }
  if (bytes.length >= 24) {
    const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    const [width, height] = [header.getUint32(16), header.getUint32(20)]
    if (width * height > largestPicture)
      throw new DataError({ what, expected: `at most ${largestPicture} pixels`, received: `${width} x ${height}` })
  }
  const { decode } = await import('fast-png') // who reads no pictures need not have it
  let png: DecodedPng
  try {
    png = decode(bytes, { checkCrc: true })
  } catch (cause) {
    // The library reads interlaced samples of whole bytes only.
    if (bytes[28] === 1 && bytes[24] < 8) {
      const received = `${bytes[24]} bits that are interlaced`
      const expected = 'interlaced samples of 8 or 16 bits'
      throw new DataError({ what, expected, received, hint: 'Save it without interlacing.' }, { cause })
    }
    const received = cause instanceof Error ? `one that is damaged (${cause.message.replace(/:$/, '')})` : undefined
    throw new DataError({ what, expected: 'a PNG picture', received, hint: 'Was it cut short?' }, { cause })
  }
  return pictureOf(png)
}

function pictureOf({ width, height, channels, depth, data, palette, transparency }: DecodedPng): Picture {
  const grey = new Float32Array(width * height)
  const alpha = new Float32Array(width * height).fill(1)
  const largest = palette ? 255 : 2 ** depth - 1
  const rowLength = depth < 8 ? Math.ceil((width * channels * depth) / 8) : width * channels
  /** Samples of less than 8 bits stand side by side in a byte, the first in its highest bits. */
  const sample = (row: number, index: number): number => {
    if (depth >= 8) return data[row * rowLength + index]
    const bit = index * depth
    return (data[row * rowLength + (bit >> 3)] >> (8 - depth - (bit & 7))) & (2 ** depth - 1)
  }
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i++) {
      const own = Array.from({ length: channels }, (_, channel) => sample(y, x * channels + channel))
      const color = palette ? (palette[own[0]] ?? [0, 0, 0]) : own
      const isGrey = color.length <= 2
      const opacity = color.length === 2 ? color[1] : color[3]
      // Rec. 601: the share of each colour in brightness.
      grey[i] = (isGrey ? color[0] : 0.299 * color[0] + 0.587 * color[1] + 0.114 * color[2]) / largest
      if (opacity !== undefined) alpha[i] = opacity / largest
      else if (!palette && transparency && own.every((value, channel) => value === transparency[channel])) alpha[i] = 0
    }
  }
  return { width, height, grey, alpha }
}

/** What a file is that is no PNG, by its first bytes. */
function formatOf(bytes: Uint8Array): string | undefined {
  const start = String.fromCharCode(...bytes.subarray(0, 12))
  if (start.startsWith('\xff\xd8\xff')) return 'a JPEG picture'
  if (start.startsWith('GIF8')) return 'a GIF picture'
  if (start.startsWith('BM')) return 'a BMP picture'
  if (start.startsWith('RIFF') && start.endsWith('WEBP')) return 'a WebP picture'
  if (/^\s*<(\?xml|svg)/.test(start)) return 'an SVG picture'
  return undefined
}

/** How dark a character is, where it is not ink. */
const shades: Readonly<Record<string, number>> = { ' ': 0, '.': 0, '·': 0, '░': 0.25, '▒': 0.5, '▓': 0.75 }

const darknessOf = (character: string): number => shades[character] ?? (/\s/u.test(character) ? 0 : 1)

/**
 * A drawing in characters: white space and points are paper, shades are shades, anything else is ink. A character is twice as
 * high as wide, as on a terminal.
 * @throws {DataError} if there is no line
 */
export function readDrawing(what: string, text: string): Picture {
  const lines = text.split(/\r?\n/).map(line => Array.from(line.trimEnd()))
  const [width, height] = [Math.max(...lines.map(line => line.length)), 2 * lines.length]
  if (width === 0) throw new DataError({ what, expected: 'a drawing in characters', received: 'an empty file' })
  const grey = new Float32Array(width * height).fill(1)
  for (let y = 0; y < height; y++) {
    for (const [x, character] of lines[y >> 1].entries()) grey[y * width + x] = 1 - darknessOf(character)
  }
  return { width, height, grey, alpha: new Float32Array(width * height).fill(1) }
}
