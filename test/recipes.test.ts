import { expect, test } from 'vitest'
import { reproduce } from '../recipes/char-shakespeare.ts'

/** Text of the test's own: the recipe learns it as it would learn Shakespeare. */
const lines = [
  'The quick brown fox jumps over the lazy dog.',
  'Pack my box with five dozen liquor jugs.',
  '敏捷的棕色狐狸跳过了懒狗。',
]

test('the character recipe learns in a few steps', async () => {
  const text = Array.from({ length: 400 }, (_, i) => lines[(i * 7) % lines.length]).join('\n')
  const { validationLoss } = await reproduce(text, 1, 120)
  expect(validationLoss).toBeLessThan(1)
})
