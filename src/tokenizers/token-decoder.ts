import type { TokenDecoder } from './tokenizer.ts'

/** The text of bytes in UTF-8, U+FFFD for what is not; a byte order mark stays. */
export function decodeUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes)
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** A streaming decoder over the bytes of each token; `undefined` is a token to leave out. */
export function tokenDecoder(bytesOf: (id: number) => Uint8Array | undefined): TokenDecoder {
  const utf8Stream = new TextDecoder('utf-8', { ignoreBOM: true })
  return {
    push(id) {
      const bytes = bytesOf(id)
      return bytes === undefined ? '' : utf8Stream.decode(bytes, { stream: true })
    },
    end: () => utf8Stream.decode(),
  }
}
