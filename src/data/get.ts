/** Fetches datasets: from a mirror, from the cache, or from their public address; verified wherever they come from. */
import { DataError } from '../base/errors.ts'
import { type ByteChunks, readChunks, type Storage } from '../storage/storage.ts'
import type { Dataset, DatasetFile } from './dataset.ts'
import { gunzip } from './gzip.ts'
import { type Language, smallWorld } from './small-world.ts'
import { fileText, joinTexts, type TextSource } from './text.ts'

/** What a download needs of its host. */
export interface DownloadHost {
  readonly fetch: typeof fetch
  /** SHA-256 in hexadecimal. */
  sha256(chunks: ByteChunks): Promise<string>
  wait(durationMs: number): Promise<void>
}

export interface GetOptions {
  /** Where downloads are kept. */
  readonly cache: Storage
  /** A folder with the same files, used in place of the network. */
  readonly mirror?: Storage
  readonly host: DownloadHost
  /** How often a broken download is taken up again, after 0.5, 1, 2, ... seconds; default 3. */
  readonly retries?: number
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

export interface Progress {
  readonly file: DatasetFile
  readonly bytesDone: number
}

/** A dataset's file, at hand and verified. */
export interface FetchedFile {
  readonly file: DatasetFile
  readonly from: 'mirror' | 'cache' | 'download'
  /** How it is stored here, which in a mirror may differ from how it is published. */
  readonly compression?: 'gzip'
  readonly storage: Storage
  /** In the storage. */
  readonly name: string
  /** How people call it: its path. */
  readonly location: string
}

/** Without this many milliseconds' worth of bytes a connection counts as broken. */
const stallMs = 30_000

/**
 * Every file of a dataset.
 * @throws {DataError} if a file cannot be had, or is not the one that the catalog describes
 */
export async function getDataset(dataset: Dataset, options: GetOptions): Promise<FetchedFile[]> {
  const fetched: FetchedFile[] = []
  for (const file of dataset.files) fetched.push(await getFile(dataset, file, options))
  return fetched
}

/**
 * The text of a fetched dataset, file after file; of one that holds documents or is generated, with an empty line after each
 * document.
 */
export function datasetText(dataset: Dataset, files: readonly FetchedFile[]): TextSource {
  if (dataset.generated !== undefined) return generatedText(dataset)
  const { name, documents } = dataset
  if (documents !== undefined) {
    const chunks = async function* () {
      for await (const document of documents(files)) yield `${document}\n\n`
    }
    return { name, chunks }
  }
  const texts = files.map(fetchedText)
  return texts.length === 1 ? texts[0] : joinTexts(name, texts)
}

/** Made at the first reading, for a training reads its text several times. */
function generatedText({ name, language, generated }: Dataset): TextSource {
  let text: string | undefined
  return {
    name,
    async *chunks() {
      text ??= smallWorldDocuments(language, generated!).join('')
      yield text
    },
  }
}

/**
 * The documents of a generated dataset, each ended by an empty line.
 * @param limit - of the first ones, all unless given
 * @throws {DataError} if it is a dataset of files
 */
export function generatedDocuments({ name, language, generated }: Dataset, limit?: number): readonly string[] {
  if (generated !== undefined) return smallWorldDocuments(language, generated, limit)
  throw new DataError({ what: `The dataset ${name}`, expected: 'one that is generated', received: 'files' })
}

/** Documents in one language or in both by turns, with stories and their facts after each if told. */
function smallWorldDocuments(
  language: Dataset['language'],
  { seed, documents, kind = 'mixed', factsOfDocument = 0 }: NonNullable<Dataset['generated']>,
  limit = Number.POSITIVE_INFINITY,
): string[] {
  const languages: readonly Language[] = language === 'zh-en' ? ['en', 'zh'] : [language === 'zh' ? 'zh' : 'en']
  const worlds = languages.map(each => ({
    own: smallWorld({ seed, language: each, kind, documents }),
    facts: smallWorld({ seed, language: each, kind: 'facts', documents: Math.max(1, documents * factsOfDocument) }),
  }))
  const parts: string[] = []
  for (let index = 0; index < documents && parts.length < limit; index++) {
    for (const { own, facts } of worlds) {
      parts.push(own.document(index))
      for (let i = 0; i < factsOfDocument; i++) parts.push(facts.document(index * factsOfDocument + i))
    }
  }
  return parts.slice(0, limit)
}

/**
 * One file of a fetched dataset.
 * @throws {DataError} if it is not among them
 */
export function fileOf(dataset: Dataset, files: readonly FetchedFile[], name: string): FetchedFile {
  const found = files.find(({ file }) => file.name === name)
  if (found !== undefined) return found
  const received = files.map(({ file }) => file.name).join(', ') || 'none'
  throw new DataError({ what: `The dataset ${dataset.name}`, expected: `the file ${name}`, received })
}

/** The text of one fetched file. */
export function fetchedText({ storage, name, compression }: FetchedFile): TextSource {
  return fileText(storage, name, { compression })
}

async function getFile(dataset: Dataset, file: DatasetFile, options: GetOptions): Promise<FetchedFile> {
  const { cache, mirror, host } = options
  if (mirror !== undefined) return mirrorFile(dataset, file, mirror, host)
  if (file.derivation !== undefined) {
    throw new DataError({
      what: `${file.name} of ${dataset.name}`,
      expected: `a mirror: it is ${file.derivation}`,
      received: 'none',
      hint: `Make it from ${file.url}, and name its folder with --mirror DIR or NACRE_DATA_MIRROR.`,
    })
  }
  const name = `data/${dataset.name}/${file.name}`
  const found = { file, storage: cache, name, location: cache.locate(name), compression: file.compression }
  if (await cache.exists(name)) {
    if ((await mismatch(file, cache, name, host)) === undefined) return { ...found, from: 'cache' }
    await cache.remove(name)
  }
  const partial = `${name}.partial`
  const resumed = await download(dataset, file, partial, options)
  try {
    await verify(file, cache, partial, host, 'The file at its address has changed, or something stands between.')
  } catch (error) {
    await cache.remove(partial)
    if (!resumed) throw error
    return getFile(dataset, file, options) // an old beginning may have been the fault: once from the start
  }
  await cache.write(name, readChunks(cache, partial))
  await cache.remove(partial)
  return { ...found, from: 'download' }
}

/** The file of a mirror, which may pack what is published unpacked, and the other way round. */
async function mirrorFile(
  dataset: Dataset,
  file: DatasetFile,
  mirror: Storage,
  host: DownloadHost,
): Promise<FetchedFile> {
  const published = `${dataset.mirrorFolder}/${file.name}`
  const hint = 'Copy it again.'
  if (await mirror.exists(published)) {
    await verify(file, mirror, published, host, hint)
    const location = mirror.locate(published)
    return { file, from: 'mirror', storage: mirror, name: published, location, compression: file.compression }
  }
  const isPacked = file.compression === 'gzip'
  const name = isPacked ? published.replace(/\.gz$/, '') : `${published}.gz`
  const contentSha256 = isPacked ? file.unpackedSha256 : file.sha256
  const location = mirror.locate(name)
  if (contentSha256 === undefined || !(await mirror.exists(name))) {
    const expected = `the file of ${dataset.name}`
    const folderHint = `Does the mirror hold the folder ${dataset.mirrorFolder}?`
    throw new DataError({ what: mirror.locate(published), expected, received: 'none', hint: folderHint })
  }
  const stored = readChunks(mirror, name)
  const digest = await host.sha256(isPacked ? stored : gunzip(location, stored))
  if (digest !== contentSha256) {
    const expected = isPacked ? `SHA-256 ${contentSha256}` : `gzip of a file with SHA-256 ${contentSha256}`
    throw new DataError({ what: location, expected, received: digest, hint })
  }
  return { file, from: 'mirror', storage: mirror, name, location, compression: isPacked ? undefined : 'gzip' }
}

/** Completes the partial file; true if a part of it was there before. */
async function download(
  dataset: Dataset,
  file: DatasetFile,
  partial: string,
  { cache, host, retries = 3, signal, onProgress }: GetOptions,
): Promise<boolean> {
  const resumed = await cache.exists(partial)
  for (let attempt = 0; ; attempt++) {
    try {
      await downloadOnce(file, partial, cache, host, signal, onProgress)
      return resumed
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof Refused || !(error instanceof Broken) || attempt >= retries) {
        if (!(error instanceof Broken)) throw error
        throw new DataError(
          {
            what: `Downloading ${file.url}`,
            expected: `${file.bytes} bytes`,
            received: error.message,
            hint:
              'Without a network, name a folder that holds the file with --mirror DIR or NACRE_DATA_MIRROR ' +
              `(as DIR/${dataset.mirrorFolder}/${file.name}).`,
          },
          { cause: error },
        )
      }
      await host.wait(500 * 2 ** attempt)
    }
  }
}

/** A download that may be taken up again. */
class Broken extends Error {}
/** A download that will be refused again. */
class Refused extends Broken {}

async function downloadOnce(
  file: DatasetFile,
  partial: string,
  cache: Storage,
  host: DownloadHost,
  signal: AbortSignal | undefined,
  onProgress: GetOptions['onProgress'],
): Promise<void> {
  let bytesDone = (await cache.exists(partial)) ? await cache.size(partial) : 0
  if (bytesDone > file.bytes) {
    await cache.remove(partial)
    bytesDone = 0
  }
  if (bytesDone === file.bytes) return
  const stall = new AbortController()
  let timer = setTimeout(() => stall.abort(), stallMs)
  try {
    const response = await host
      .fetch(file.url, {
        // Compression on the way would make offsets meaningless.
        headers: { 'accept-encoding': 'identity', ...(bytesDone > 0 && { range: `bytes=${bytesDone}-` }) },
        signal: signal === undefined ? stall.signal : AbortSignal.any([stall.signal, signal]),
      })
      .catch(broken)
    if (!response.ok || response.body === null) {
      await response.body?.cancel()
      if (response.status === 416) await cache.remove(partial)
      const passes = [408, 416, 429].includes(response.status) || response.status >= 500
      throw new (passes ? Broken : Refused)(`status ${response.status} ${response.statusText}`.trim())
    }
    if (response.status !== 206 && bytesDone > 0) {
      await cache.remove(partial) // the server begins anew
      bytesDone = 0
    }
    const reader = response.body.getReader()
    for (let next = await reader.read().catch(broken); !next.done; next = await reader.read().catch(broken)) {
      clearTimeout(timer)
      timer = setTimeout(() => stall.abort(), stallMs)
      bytesDone += next.value.length
      if (bytesDone > file.bytes) {
        await reader.cancel()
        await cache.remove(partial)
        throw new Refused(`more than that; the file at its address has changed`)
      }
      await cache.append(partial, next.value)
      onProgress?.({ file, bytesDone })
    }
  } finally {
    clearTimeout(timer)
  }
  if (bytesDone < file.bytes) throw new Broken(`only ${bytesDone}`)
}

/** `fetch failed` says nothing; its cause does. */
function broken(error: unknown): never {
  if (!(error instanceof Error)) throw error
  const reason = error.cause instanceof Error ? error.cause.message : error.message
  throw new Broken(reason || error.message, { cause: error })
}

async function verify(
  file: DatasetFile,
  storage: Storage,
  name: string,
  host: DownloadHost,
  hint: string,
): Promise<void> {
  const digest = await mismatch(file, storage, name, host)
  if (digest === undefined) return
  const size = await storage.size(name)
  throw new DataError({
    what: storage.locate(name),
    expected: `SHA-256 ${file.sha256} and ${file.bytes} bytes`,
    received: `${digest} and ${size} bytes`,
    hint,
  })
}

/** The file's SHA-256, or none where it is the file that the catalog describes, or packs its content. */
async function mismatch(
  { sha256, unpackedSha256 }: DatasetFile,
  storage: Storage,
  name: string,
  host: DownloadHost,
): Promise<string | undefined> {
  const digest = await host.sha256(readChunks(storage, name))
  if (digest === sha256) return undefined
  if (unpackedSha256 === undefined) return digest
  const content = await host.sha256(gunzip(storage.locate(name), readChunks(storage, name))).catch(() => undefined)
  return content === unpackedSha256 ? undefined : digest
}
