/** How tokens and their probabilities are written for people. */
import type { Tokenizer } from '../tokenizers/tokenizer.ts'

/** A token's text in quotes, or its bytes where it is a part of a character. */
export function tokenLabel(tokenizer: Tokenizer, id: number): string {
  const bytes = tokenizer.bytes(id)
  const text = tokenizer.decode([id], { continues: true })
  if (Array.from(new TextEncoder().encode(text)).join() === Array.from(bytes).join()) return JSON.stringify(text)
  return `<${Array.from(bytes, byte => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ')}>`
}

/** Four places where they say something, else one digit and a power of ten. */
export function probabilityText(probability: number): string {
  return probability >= 0.001 ? probability.toFixed(4) : probability.toExponential(1)
}
