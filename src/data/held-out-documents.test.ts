import { expect, test } from 'vitest'
import { isHeldOut } from './held-out-documents.ts'

test.each([0, 0.01, 0.1, 0.5, 1])('about %d of all documents are held out, always the same ones', share => {
  const texts = Array.from({ length: 20_000 }, (_, i) => `document ${i}，文档`)
  const held = texts.filter(text => isHeldOut(text, share))
  const deviation = Math.sqrt((share * (1 - share)) / texts.length)
  expect(Math.abs(held.length / texts.length - share)).toBeLessThanOrEqual(4 * deviation)
  expect(held.every(text => isHeldOut(`${text}`, share))).toBe(true)
})
