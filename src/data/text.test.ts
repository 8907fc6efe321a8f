import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { memoryStorage } from '../storage/memory.ts'
import { fileText, invalidUtf8, joinTexts, measureText, memoryText, splitText, type TextSource } from './text.ts'

async function textOf(source: TextSource): Promise<string> {
  let text = ''
  for await (const chunk of source.chunks()) text += chunk
  return text
}

const file = (bytes: Uint8Array | string, encoding?: string) =>
  fileText(memoryStorage({ 'a.txt': bytes }), 'a.txt', { encoding })

describe('UTF-8', () => {
  test('is read as it is, line breaks too, without the mark at its beginning', async () => {
    expect(await textOf(file('To be\r\nor 不是\n😀\ufeff.'))).toBe('To be\r\nor 不是\n😀\ufeff.')
    expect(await textOf(file('\ufeffa'))).toBe('a')
  })

  test('a character that lies across two reads stays whole', async () => {
    const text = 'é不😀'
    for (let shift = 0; shift < 12; shift++) {
      const filling = 'a'.repeat(2 ** 20 - shift) // a read is 2^20 bytes
      const chunks = []
      for await (const chunk of file(filling + text).chunks()) chunks.push(chunk)
      expect(chunks.join('')).toBe(filling + text)
      for (const chunk of chunks) expect(chunk.isWellFormed()).toBe(true)
    }
  })

  test('an invalid byte is named with its offset', async () => {
    await expect(textOf(file(new Uint8Array([0x61, 0x62, 0xff, 0x63])))).rejects.toThrow(
      'memory:a.txt expected UTF-8. Received byte 0xFF at offset 2. Name its encoding with --encoding, for example',
    )
    const far = new Uint8Array(3 * 2 ** 20).fill(0x61)
    far.set([0xe4, 0xb8, 0x61], 2 ** 21 - 1)
    await expect(textOf(file(far))).rejects.toThrow(`byte 0xE4 at offset ${2 ** 21 - 1}`)
    await expect(textOf(file(new Uint8Array([0x61, 0xe4, 0xb8])))).rejects.toThrow('byte 0xE4 at offset 1')
    await expect(textOf(file(new Uint8Array([0xff, 0xfe, 0x61, 0])))).rejects.toThrow('try --encoding utf-16le.')
  })

  test('validity agrees with the decoder on random bytes', () => {
    let state = 1
    const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
    const isValid = (bytes: Uint8Array) => {
      try {
        return decoder.decode(bytes).length > 0 || bytes.length === 0
      } catch {
        return false
      }
    }
    const interesting = [0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc2, 0xdf, 0xe0, 0xe4, 0xed, 0xf0, 0xf1, 0xf4]
    for (let trial = 0; trial < 5000; trial++) {
      const bytes = Uint8Array.from({ length: 5 }, () => {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0
        return interesting[state >>> 28]
      })
      const at = invalidUtf8(bytes)
      expect(isValid(bytes.subarray(0, at))).toBe(true)
      expect(isValid(bytes)).toBe(at === bytes.length)
    }
  })
})

describe('other encodings', () => {
  test.each([
    ['gb18030', [0xc4, 0xe3, 0xba, 0xc3], '你好'],
    ['big5', [0xa7, 0x41, 0xa6, 0x6e], '你好'],
    ['utf-16le', [0xff, 0xfe, 0x60, 0x4f, 0x3d, 0xd8, 0x00, 0xde], '你😀'],
    ['latin1', [0x63, 0x61, 0x66, 0xe9], 'café'],
    ['UTF8', [0x61], 'a'],
  ])('%s', async (encoding, bytes, text) => {
    expect(await textOf(file(Uint8Array.from(bytes), encoding))).toBe(text)
  })

  test('a byte that does not belong', async () => {
    await expect(textOf(file(new Uint8Array([0x61, 0xff, 0xff]), 'gb18030'))).rejects.toThrow(
      'memory:a.txt expected gb18030. Received a byte that is not, between offsets 0 and 3. Is --encoding another one?',
    )
    await expect(textOf(file(new Uint8Array([0x61, 0xc4]), 'gb18030'))).rejects.toThrow('expected gb18030')
  })

  test('a label that is none', () => {
    expect(() => file('a', 'klingon')).toThrow('Option --encoding expected a label of the Encoding standard. Received')
  })
})

test('gzip, whole and cut short', async () => {
  const packed = gzipSync('多'.repeat(10_000))
  const text = (bytes: Uint8Array) => fileText(memoryStorage({ 'a.gz': bytes }), 'a.gz', { compression: 'gzip' })
  expect(await textOf(text(packed))).toBe('多'.repeat(10_000))
  await expect(textOf(text(packed.subarray(0, 40)))).rejects.toThrow(/^memory:a\.gz expected gzip\..*Was it cut short/)
})

test('a text that is not there, or empty', async () => {
  await expect(textOf(fileText(memoryStorage(), 'a.txt'))).rejects.toThrow('memory:a.txt expected a file that exists')
  await expect(textOf(file(''))).rejects.toThrow('memory:a.txt expected a text. Received an empty file.')
  await expect(textOf(file('\ufeff'))).rejects.toThrow('Received an empty file.')
  await expect(textOf(memoryText(''))).rejects.toThrow('the text expected a text. Received an empty file.')
})

test('lengths are in characters and UTF-8 bytes', async () => {
  const text = joinTexts('both', [memoryText('aé不'), memoryText('😀\n')])
  expect(await measureText(text)).toMatchObject({ name: 'both', codePoints: 5, bytes: 11 })
})

test('the last tenth of the characters is for validation', async () => {
  const chunks = ['😀a', '不', '', 'bcdefg', '😀😀', 'h']
  const source = {
    name: 'text',
    chunks: async function* () {
      yield* chunks
    },
  }
  const all = Array.from(chunks.join(''))
  for (let percent = 0; percent <= 100; percent += 5) {
    const { train, validation } = await splitText(source, percent / 100)
    const cut = Math.floor(all.length * (1 - percent / 100))
    expect(await textOf(train)).toBe(all.slice(0, cut).join(''))
    expect(await textOf(validation)).toBe(all.slice(cut).join(''))
    for (const part of [train, validation]) {
      const { codePoints, bytes } = await measureText(part)
      expect(part).toMatchObject({ codePoints, bytes })
    }
  }
})
