import { createHash } from 'node:crypto'
import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve, sep } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { DataError, OptionError } from '../base/errors.ts'
import { nodeStorage } from '../storage/node.ts'
import type { Dataset } from './dataset.ts'
import { type DownloadHost, type FetchedFile, type GetOptions, getDataset } from './get.ts'
import { type RecordFileOptions, recordFile, recordFormat } from './record-files.ts'
import type { RecordSource } from './records.ts'
import { type Shard, type ShardOptions, shardOf } from './shards.ts'
import { fileText, type TextOptions, type TextSource } from './text.ts'
import { copyTokens, readTokensHeader, storedBytes, storedTokens, type TokenSource } from './token-shards.ts'

type Environment = Readonly<Record<string, string | undefined>>

/**
 * The text of a file by its path; one that ends in `.gz` is unpacked.
 * @throws {StorageError} if there is no such file
 * @throws {DataError} if it is empty, or while reading if it is not in its encoding
 */
export async function openText(path: string, options: TextOptions = {}): Promise<TextSource> {
  const absolute = resolve(path)
  const storage = nodeStorage(dirname(absolute))
  const name = basename(absolute)
  const size = await storage.size(name)
  const { compression = path.endsWith('.gz') ? 'gzip' : undefined, encoding } = options
  const text = fileText(storage, name, { compression, encoding })
  if (size === 0)
    throw new DataError({ what: text.name, expected: 'a text', received: 'an empty file', hint: 'Is the path right?' })
  await storage.readRange(name, 0, 1) // a directory has a size, but nothing to read
  return text
}

/**
 * The records of a file by its path: JSONL, JSON, CSV, TSV or Parquet.
 * @throws {OptionError} if the name does not say which
 * @throws {StorageError} if there is no such file
 */
export async function openRecords(path: string, options: RecordFileOptions = {}): Promise<RecordSource> {
  const absolute = resolve(path)
  const storage = nodeStorage(dirname(absolute))
  await storage.size(basename(absolute))
  return recordFile(storage, basename(absolute), options)
}

/** Whether `--data` names shards: a folder, a pattern with `*` or `?`, files with commas between, or a file of records. */
export function namesShards(data: string): boolean {
  if (existsSync(data)) return statSync(data).isDirectory() || recordFormat(data) !== undefined
  return /[*?]/.test(data) || data.split(',').every(part => existsSync(part))
}

/**
 * The shards that a folder, a pattern or a list of files names, in the order of their names. In a pattern `*` and `?` stand
 * for letters of one name, `**` for folders too.
 *
 * @throws {OptionError} if there are none
 */
export async function openShards(data: string, options: ShardOptions = {}): Promise<Shard[]> {
  const shards: Shard[] = []
  for (const part of existsSync(data) ? [data] : data.split(',')) shards.push(...(await shardsNamed(part, options)))
  if (shards.length > 0) return shards
  const expected = 'a folder, a pattern or files that are there'
  throw new OptionError({ what: 'Option --data', expected, received: `"${data}", where there is no such file` })
}

async function shardsNamed(part: string, options: ShardOptions): Promise<Shard[]> {
  if (existsSync(part) && !statSync(part).isDirectory()) {
    const path = resolve(part)
    return [shardOf(nodeStorage(dirname(path)), basename(path), options)]
  }
  const isFolder = existsSync(part)
  const names = resolve(part).split(sep)
  const wild = isFolder ? names.length : names.findIndex(name => /[*?]/.test(name))
  if (wild < 0) return []
  const folder = names.slice(0, wild).join(sep) || sep
  if (!existsSync(folder)) return []
  const storage = nodeStorage(folder)
  const pattern = isFolder ? /\.(txt|jsonl|ndjson|json|csv|tsv|parquet)(\.gz)?$/ : patternOf(names.slice(wild))
  return (await storage.list()).filter(name => pattern.test(name)).map(name => shardOf(storage, name, options))
}

function patternOf(names: readonly string[]): RegExp {
  const parts = names.map(name =>
    name === '**'
      ? '(?:.+/)?'
      : name
          .replace(/[\\^$.+()[\]{}|]/g, '\\$&')
          .replaceAll('*', '[^/]*')
          .replaceAll('?', '[^/]'),
  )
  const joined = parts.map((text, i) => (names[i] === '**' || i === names.length - 1 ? text : `${text}/`)).join('')
  return new RegExp(`^${joined}$`)
}

/** Tokens that stay in their file: only what is asked for is read. */
export interface TokenFile extends TokenSource, Disposable {
  close(): void
}

/**
 * Opens what `writeTokens` wrote.
 * @param name - without an ending
 * @throws {DataError} if it is not a whole token file
 */
export async function openTokens(directory: string, name: string): Promise<TokenFile> {
  const storage = nodeStorage(directory)
  const { dtype, count, bytesOfText } = await readTokensHeader(storage, name)
  const path = storage.locate(`${name}.bin`)
  const file = openSync(path, 'r')
  const bytesPerToken = storedBytes(dtype)
  let buffer = new Uint8Array(0)
  const close = () => closeSync(file)
  return {
    length: count,
    bytesOfText,
    read(offset, length, target) {
      const bytes = length * bytesPerToken
      if (buffer.length < bytes) buffer = new Uint8Array(bytes)
      for (let done = 0; done < bytes; ) {
        const read = readSync(file, buffer, done, bytes - done, offset * bytesPerToken + done)
        if (read === 0) {
          const expected = `${length} tokens from ${offset} of ${count}`
          throw new DataError({ what: path, expected, hint: 'Was it changed meanwhile?' })
        }
        done += read
      }
      copyTokens(storedTokens(dtype, buffer.subarray(0, bytes)), 0, length, target)
    },
    close,
    [Symbol.dispose]: close,
  }
}

export const nodeDownloads: DownloadHost = {
  fetch: globalThis.fetch,
  async sha256(chunks) {
    const hash = createHash('sha256')
    for await (const chunk of chunks) hash.update(chunk)
    return hash.digest('hex')
  },
  async wait(durationMs) {
    await setTimeout(durationMs)
  },
}

/** `NACRE_CACHE`, or a folder where the system keeps caches. */
export function cacheDirectory(environment: Environment, platform: NodeJS.Platform = process.platform): string {
  if (environment.NACRE_CACHE) return resolve(environment.NACRE_CACHE)
  if (environment.XDG_CACHE_HOME) return join(environment.XDG_CACHE_HOME, 'nacre')
  if (platform === 'win32')
    return join(environment.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 'nacre', 'Cache')
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'nacre')
  return join(homedir(), '.cache', 'nacre')
}

/**
 * The files of a dataset, from `mirror` or `NACRE_DATA_MIRROR` if one is named, otherwise from the cache or the network.
 * @throws {DataError} if a file cannot be had, or is not the one that the catalog describes
 */
export async function fetchDataset(
  dataset: Dataset,
  {
    mirror,
    environment = process.env,
    ...options
  }: Pick<GetOptions, 'retries' | 'signal' | 'onProgress'> & {
    readonly mirror?: string
    readonly environment?: Environment
  } = {},
): Promise<FetchedFile[]> {
  const mirrorDirectory = mirror || environment.NACRE_DATA_MIRROR
  return getDataset(dataset, {
    ...options,
    cache: nodeStorage(cacheDirectory(environment)),
    mirror: mirrorDirectory ? nodeStorage(mirrorDirectory) : undefined,
    host: nodeDownloads,
  })
}
