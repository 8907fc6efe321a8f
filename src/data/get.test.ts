import { createHash } from 'node:crypto'
import { createServer, type RequestListener } from 'node:http'
import { gzipSync } from 'node:zlib'
import { afterEach, expect, test } from 'vitest'
import { memoryStorage } from '../storage/memory.ts'
import type { Dataset } from './dataset.ts'
import { type DownloadHost, datasetText, type GetOptions, getDataset } from './get.ts'
import { nodeDownloads } from './node.ts'

const content = new TextEncoder().encode('To be, or not to be. '.repeat(50_000))
const sha256 = createHash('sha256').update(content).digest('hex')

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

/** A server on this machine that answers with a listener, and the dataset that it offers. */
async function serve(listener: RequestListener): Promise<Dataset> {
  const server = createServer(listener).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  closing.push(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  const url = `http://127.0.0.1:${port}/input.txt`
  const files = [{ name: 'input.txt', url, bytes: content.length, sha256 }]
  return { name: 'speech', description: '', language: 'en', licence: '', mirrorFolder: 'speech_folder', files }
}

const waits: number[] = []
const host: DownloadHost = {
  ...nodeDownloads,
  async wait(durationMs) {
    waits.push(durationMs)
  },
}

function options(cache: GetOptions['cache'], more: Partial<GetOptions> = {}): GetOptions {
  waits.length = 0
  return { cache, host, ...more }
}

const inCache = 'data/speech/input.txt'

test('a download is verified, kept, and then taken from the cache', async () => {
  let requests = 0
  const dataset = await serve((_, response) => {
    requests++
    response.end(content)
  })
  const cache = memoryStorage()
  const done: number[] = []
  const first = await getDataset(dataset, options(cache, { onProgress: ({ bytesDone }) => done.push(bytesDone) }))
  expect(first).toMatchObject([{ from: 'download', name: inCache, location: `memory:${inCache}` }])
  expect(done.at(-1)).toBe(content.length)
  expect(await cache.list()).toEqual([inCache])
  expect(await getDataset(dataset, options(cache))).toMatchObject([{ from: 'cache' }])
  let text = ''
  for await (const chunk of datasetText(dataset, first).chunks()) text += chunk
  expect(text).toBe(new TextDecoder().decode(content))

  await cache.write(inCache, [content.slice(1)])
  expect(await getDataset(dataset, options(cache))).toMatchObject([{ from: 'download' }])
  expect(requests).toBe(2)
})

test('a download that breaks is taken up where it stopped', async () => {
  const ranges: (string | undefined)[] = []
  const dataset = await serve(({ headers: { range } }, response) => {
    ranges.push(range)
    const from = Number(/\d+/.exec(range ?? '0'))
    response.writeHead(range ? 206 : 200, { 'content-length': content.length - from })
    const upTo = Math.min(content.length, from + 400_000)
    response.write(content.subarray(from, upTo), () => {
      if (upTo < content.length) setTimeout(() => response.destroy(), 50)
      else response.end()
    })
  })
  const cache = memoryStorage()
  expect(await getDataset(dataset, options(cache))).toMatchObject([{ from: 'download' }])
  expect(await cache.read(inCache)).toEqual(content)
  expect(ranges.length).toBeGreaterThanOrEqual(3)
  expect(ranges[0]).toBe(undefined)
  for (const range of ranges.slice(1)) expect(range).toMatch(/^bytes=[1-9]\d*-$/)
  expect(waits).toEqual([500, 1000, 2000].slice(0, ranges.length - 1))
})

test('a part that an earlier process left is used, or replaced where it was wrong', async () => {
  const dataset = await serve(({ headers: { range } }, response) => {
    response.writeHead(range ? 206 : 200)
    response.end(content.subarray(Number(/\d+/.exec(range ?? '0'))))
  })
  const right = memoryStorage({ [`${inCache}.partial`]: content.subarray(0, 1000) })
  await getDataset(dataset, options(right))
  expect(await right.read(inCache)).toEqual(content)
  const wrong = memoryStorage({ [`${inCache}.partial`]: new Uint8Array(1000) })
  await getDataset(dataset, options(wrong))
  expect(await wrong.read(inCache)).toEqual(content)
  const long = memoryStorage({ [`${inCache}.partial`]: new Uint8Array(content.length + 1) })
  await getDataset(dataset, options(long))
  expect(await long.list()).toEqual([inCache])
})

test('a server that knows no ranges begins anew', async () => {
  const dataset = await serve((_, response) => response.end(content))
  const cache = memoryStorage({ [`${inCache}.partial`]: content.subarray(0, 1000) })
  await getDataset(dataset, options(cache))
  expect(await cache.read(inCache)).toEqual(content)
})

test('another content is refused, and nothing of it is kept', async () => {
  const cache = memoryStorage()
  const changed = content.slice().fill(120, 0, 1)
  const dataset = await serve((_, response) => response.end(changed))
  const digest = createHash('sha256').update(changed).digest('hex')
  await expect(getDataset(dataset, options(cache))).rejects.toMatchObject({
    name: 'DataError',
    message:
      `memory:${inCache}.partial expected SHA-256 ${sha256} and ${content.length} bytes. ` +
      `Received ${digest} and ${content.length} bytes. The file at its address has changed, or something stands between.`,
  })
  const longer = await serve((_, response) => response.end(Buffer.concat([content, content])))
  await expect(getDataset(longer, options(cache))).rejects.toThrow('Received more than that; the file at its address')
  expect(await cache.list()).toEqual([])
})

test('a refusal is not repeated, a busy server is asked again', async () => {
  let requests = 0
  const gone = await serve((_, response) => {
    requests++
    response.writeHead(404).end()
  })
  await expect(getDataset(gone, options(memoryStorage()))).rejects.toThrow('Received status 404 Not Found.')
  expect(requests).toBe(1)
  const busy = await serve((_, response) => {
    if (requests++ < 3) response.writeHead(503).end()
    else response.end(content)
  })
  await getDataset(busy, options(memoryStorage()))
  expect(waits).toEqual([500, 1000])
})

test('without a network the error names the mirror', async () => {
  const dataset = await serve(() => {})
  for (const close of closing.splice(0)) close()
  await expect(getDataset(dataset, options(memoryStorage()))).rejects.toMatchObject({
    name: 'DataError',
    message: expect.stringMatching(
      /^Downloading http.*ECONNREFUSED.*--mirror DIR or NACRE_DATA_MIRROR \(as DIR\/speech_folder\/input\.txt\)\.$/,
    ),
  })
  expect(waits).toEqual([500, 1000, 2000])
})

test('a mirror takes the place of the network', async () => {
  const dataset = await serve(() => {})
  const mirror = memoryStorage({ 'speech_folder/input.txt': content })
  expect(await getDataset(dataset, options(memoryStorage(), { mirror }))).toMatchObject([
    { from: 'mirror', location: 'memory:speech_folder/input.txt' },
  ])
  await mirror.truncate('speech_folder/input.txt', 3)
  await expect(getDataset(dataset, options(memoryStorage(), { mirror }))).rejects.toThrow('and 3 bytes. Copy it again.')
  await expect(getDataset(dataset, options(memoryStorage(), { mirror: memoryStorage() }))).rejects.toThrow(
    'memory:speech_folder/input.txt expected the file of speech. Received none. Does the mirror hold the folder',
  )
})

test('a mirror may pack what is published plain, and the other way round', async () => {
  const dataset = await serve((_, response) => response.end())
  const read = async (own: Dataset, name: string, bytes: Uint8Array) => {
    const mirror = memoryStorage({ [`speech_folder/${name}`]: bytes })
    const files = await getDataset(own, options(memoryStorage(), { mirror }))
    let text = ''
    for await (const chunk of datasetText(own, files).chunks()) text += chunk
    return text
  }
  const text = new TextDecoder().decode(content)
  expect(await read(dataset, 'input.txt.gz', gzipSync(content))).toBe(text)
  await expect(read(dataset, 'input.txt.gz', gzipSync('other'))).rejects.toThrow(
    'memory:speech_folder/input.txt.gz expected gzip of a file with SHA-256',
  )
  const file = { ...dataset.files[0], name: 'input.txt.gz', compression: 'gzip', unpackedSha256: sha256 } as const
  const packed = { ...dataset, files: [file] }
  expect(await read(packed, 'input.txt', content)).toBe(text)
  await expect(read(packed, 'input.txt', content.subarray(1))).rejects.toThrow(`expected SHA-256 ${sha256}`)
  await expect(read(packed, 'other.txt', content)).rejects.toThrow('expected the file of speech. Received none.')
})

test('a mirror may pack the same content in another way', async () => {
  const { files, ...rest } = await serve(() => {})
  const packed = { ...files[0], sha256: 'of the original', compression: 'gzip' as const, unpackedSha256: sha256 }
  const mirrored = (bytes: Uint8Array) => {
    const mirror = memoryStorage({ 'speech_folder/input.txt': bytes })
    return getDataset({ ...rest, files: [packed] }, options(memoryStorage(), { mirror }))
  }
  const [file] = await mirrored(gzipSync(content, { level: 1 }))
  expect(file.from).toBe('mirror')
  await expect(mirrored(gzipSync(content.subarray(1)))).rejects.toThrow('expected SHA-256 of the original')
  await expect(mirrored(gzipSync(content).subarray(0, 100))).rejects.toThrow('expected SHA-256 of the original')
})

test('an interrupted download keeps its part', async () => {
  const dataset = await serve((_, response) => {
    response.writeHead(200, { 'content-length': content.length })
    response.write(content.subarray(0, 300_000))
  })
  const cache = memoryStorage()
  const interrupt = new AbortController()
  const attempt = getDataset(
    dataset,
    options(cache, {
      signal: interrupt.signal,
      onProgress: ({ bytesDone }) => bytesDone >= 300_000 && interrupt.abort(),
    }),
  )
  await expect(attempt).rejects.toMatchObject({ name: 'AbortError' })
  expect(await cache.size(`${inCache}.partial`)).toBe(300_000)
})
