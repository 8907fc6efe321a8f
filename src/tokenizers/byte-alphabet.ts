/**
 * GPT-2's alphabet: one printable character for each byte, so that tokens can be written as text. Printable bytes of
 * Latin-1 stand for themselves, the others for U+0100 and up, in order.
 */
export const byteCharacters: readonly string[] = writeBytes()

/** The bytes in the order of their characters: the first 256 ids of GPT-2. */
export const bytesInOrder: readonly number[] = Array.from({ length: 256 }, (_, byte) => byte).sort(
  (a, b) => byteCharacters[a].charCodeAt(0) - byteCharacters[b].charCodeAt(0),
)

const byteOfCharacter: ReadonlyMap<string, number> = new Map(byteCharacters.map((character, byte) => [character, byte]))

/** A token's bytes as text. */
export function bytesToText(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += byteCharacters[byte]
  return text
}

/** The bytes of a token written in the alphabet, or undefined if it has other characters. */
export function textToBytes(text: string): Uint8Array | undefined {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) {
    const byte = byteOfCharacter.get(text[i])
    if (byte === undefined) return undefined
    bytes[i] = byte
  }
  return bytes
}

function isPrintable(byte: number): boolean {
  return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || (byte >= 0xae && byte <= 0xff)
}

function writeBytes(): string[] {
  let moved = 0
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : 256 + moved++))
}
