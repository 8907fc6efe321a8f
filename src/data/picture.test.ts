import { deflateSync } from 'node:zlib'
import { encode } from 'fast-png'
import { describe, expect, test } from 'vitest'
import { readDrawing, readPng } from './picture.ts'

/** A PNG file made by hand: what the encoder of the library does not write. */
function png(
  { width, height, depth, color }: { width: number; height: number; depth: number; color: number },
  rows: readonly (readonly number[])[],
  more: Readonly<Record<string, readonly number[]>> = {},
): Uint8Array {
  const chunk = (type: string, data: Uint8Array) => {
    const bytes = Buffer.alloc(12 + data.length)
    bytes.writeUInt32BE(data.length, 0)
    bytes.write(type, 4, 'latin1')
    bytes.set(data, 8)
    bytes.writeUInt32BE(crc(bytes.subarray(4, 8 + data.length)), 8 + data.length)
    return bytes
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([depth, color, 0, 0, 0], 8)
  const pixels = deflateSync(Buffer.from(rows.flatMap(row => [0, ...row])))
  const others = Object.entries(more).map(([type, data]) => chunk(type, Uint8Array.from(data)))
  const all = [chunk('IHDR', header), ...others, chunk('IDAT', pixels), chunk('IEND', new Uint8Array())]
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), ...all])
}

function crc(bytes: Uint8Array): number {
  let sum = 0xffffffff
  for (const byte of bytes) {
    sum ^= byte
    for (let k = 0; k < 8; k++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1
  }
  return (sum ^ 0xffffffff) >>> 0
}

const close = (values: Float32Array) => Array.from(values, value => Math.round(value * 1000) / 1000)

describe('PNG files', () => {
  test('grey, of 8 and of 16 bits, with and without alpha', async () => {
    const grey = await readPng('a', encode({ width: 3, height: 1, channels: 1, data: Uint8Array.of(0, 51, 255) }))
    expect([grey.width, grey.height, close(grey.grey), close(grey.alpha)]).toEqual([3, 1, [0, 0.2, 1], [1, 1, 1]])
    const deep = { width: 1, height: 2, channels: 2, depth: 16 as const, data: Uint16Array.of(65535, 13107, 0, 65535) }
    const read = await readPng('a', encode(deep))
    expect([close(read.grey), close(read.alpha)]).toEqual([
      [1, 0],
      [0.2, 1],
    ])
  })

  test('RGB and RGBA: brightness as the eye sees it', async () => {
    const rgb = await readPng(
      'a',
      encode({ width: 2, height: 1, channels: 3, data: Uint8Array.of(255, 0, 0, 0, 255, 0) }),
    )
    expect(close(rgb.grey)).toEqual([0.299, 0.587])
    const rgba = await readPng('a', encode({ width: 1, height: 1, channels: 4, data: Uint8Array.of(0, 0, 255, 102) }))
    expect([close(rgba.grey), close(rgba.alpha)]).toEqual([[0.114], [0.4]])
  })

  test('few bits: samples side by side in a byte, each row from a new byte', async () => {
    const bits = await readPng('a', png({ width: 3, height: 2, depth: 1, color: 0 }, [[0b10100000], [0b01000000]]))
    expect(close(bits.grey)).toEqual([1, 0, 1, 0, 1, 0])
    const pairs = await readPng('a', png({ width: 5, height: 1, depth: 2, color: 0 }, [[0b00011011, 0b01000000]]))
    expect(close(pairs.grey)).toEqual([0, 0.333, 0.667, 1, 0.333])
  })

  test('a palette, some of it transparent', async () => {
    const PLTE = [0, 0, 0, 255, 255, 255, 255, 0, 0]
    const plain = await readPng('a', png({ width: 3, height: 1, depth: 2, color: 3 }, [[0b00011000]], { PLTE }))
    expect([close(plain.grey), close(plain.alpha)]).toEqual([
      [0, 1, 0.299],
      [1, 1, 1],
    ])
    const clear = await readPng(
      'a',
      png({ width: 3, height: 1, depth: 2, color: 3 }, [[0b00011000]], { PLTE, tRNS: [0, 51] }),
    )
    expect(close(clear.alpha)).toEqual([0, 0.2, 1])
  })

  test('a grey that counts as transparent', async () => {
    const read = await readPng('a', png({ width: 2, height: 1, depth: 8, color: 0 }, [[7, 8]], { tRNS: [0, 7] }))
    expect(close(read.alpha)).toEqual([0, 1])
  })

  test('interlaced', async () => {
    const data = Uint8Array.from({ length: 81 }, (_, i) => 3 * i)
    const image = { width: 9, height: 9, channels: 1, data }
    expect(await readPng('a', encode(image, { interlace: 'Adam7' }))).toEqual(await readPng('a', encode(image)))
  })

  test('interlaced samples of less than a byte, which the library does not read', async () => {
    const bytes = encode({ width: 9, height: 9, channels: 1, data: new Uint8Array(81) }, { interlace: 'Adam7' })
    bytes[24] = 4 // bits of a sample
    await expect(readPng('a.png', bytes)).rejects.toThrow('Received 4 bits that are interlaced. Save it without')
  })

  test('what is no PNG, or a damaged one', async () => {
    const said = (bytes: Uint8Array) => readPng('digit.png', bytes)
    await expect(said(new Uint8Array())).rejects.toThrow('digit.png expected a PNG picture. Received an empty file.')
    await expect(said(Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 0, 0, 0))).rejects.toThrow(
      'Received a JPEG picture. Save the picture',
    )
    await expect(said(new TextEncoder().encode('<svg xmlns="http'))).rejects.toThrow('Received an SVG picture.')
    await expect(said(new TextEncoder().encode('just a text'))).rejects.toThrow('Received another kind of file.')
    const whole = encode({
      width: 40,
      height: 40,
      channels: 1,
      data: new Uint8Array(1600).map((_, i) => (i * i) % 251),
    })
    for (const length of [8, 20, 40, whole.length - 30]) {
      await expect(said(whole.subarray(0, length))).rejects.toThrow(
        /digit\.png expected a PNG picture\. Received one that is damaged/,
      )
    }
    const spoilt = whole.slice()
    spoilt[60] ^= 1
    await expect(said(spoilt)).rejects.toThrow('damaged')
    const huge = png({ width: 100_000, height: 100_000, depth: 8, color: 0 }, [[0]])
    await expect(said(huge)).rejects.toThrow('expected at most 67108864 pixels. Received 100000 x 100000.')
  })
})

test('a drawing in characters: blanks and points are paper', () => {
  const { width, height, grey } = readDrawing('a.txt', ' #.\n▒▓')
  expect([width, height]).toEqual([3, 4])
  expect(close(grey)).toEqual([1, 0, 1, 1, 0, 1, 0.5, 0.25, 1, 0.5, 0.25, 1])
  expect(readDrawing('a.txt', '\u3000#\t#').grey.slice(0, 4)).toEqual(Float32Array.of(1, 0, 1, 0))
  expect(() => readDrawing('a.txt', ' \n\n')).toThrow('a.txt expected a drawing in characters. Received an empty file.')
})
