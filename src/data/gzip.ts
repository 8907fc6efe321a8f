import { DataError } from '../base/errors.ts'
import type { ByteChunks } from '../storage/storage.ts'

/**
 * Unpacks gzip as it comes.
 * @throws {DataError} with this name, if it is no gzip or was cut short
 */
export async function* gunzip(name: string, chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  const source = iterate(chunks)
  const stored = new ReadableStream<BufferSource>({
    async pull(controller) {
      const next = await source.next()
      if (next.done) controller.close()
      else controller.enqueue(new Uint8Array(next.value))
    },
  })
  const reader = stored.pipeThrough(new DecompressionStream('gzip')).getReader()
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value
  } catch (cause) {
    throw new DataError(
      { what: name, expected: 'gzip', received: wordsOf(cause), hint: 'Was it cut short?' },
      { cause },
    )
  } finally {
    await reader.cancel().catch(() => {})
  }
}

const wordsOf = (cause: unknown): string =>
  cause instanceof Error && cause.message !== '' ? cause.message : 'something else, or a part of it'

async function* iterate(chunks: ByteChunks): AsyncGenerator<Uint8Array> {
  yield* chunks
}
