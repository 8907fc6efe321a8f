/**
 * Where the window begins that a model sees of a text. Positions are absolute, so a window that moved by one token would
 * make every cached key and value worthless at every token. It moves by half of the context instead: a text longer than
 * the context is seen from the last multiple of half a context at which it fits.
 *
 * @param length - tokens of the text
 * @param context - tokens that the model sees at once
 */
export function windowStart(length: number, context: number): number {
  if (length <= context) return 0
  const stride = Math.max(1, Math.floor(context / 2))
  return Math.ceil((length - context) / stride) * stride
}
