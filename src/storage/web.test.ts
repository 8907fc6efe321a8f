import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { chromium } from 'playwright-core'
import { expect, test } from 'vitest'

const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync)

/** Runs in the page: what storage.test.ts asks of the others, in brief. */
const program = `
  const { webStorage } = await import('/storage/web.ts')
  const { readText, writeText } = await import('/storage/storage.ts')
  const storage = await webStorage()
  const failure = promise => promise.then(() => 'none', error => error.name + ': ' + error.message)
  await storage.write('a/b.bin', [new Uint8Array([1, 2]), new Uint8Array([9, 3, 4]).subarray(1)])
  await storage.append('a/log', 'line 1 ü\\n')
  await storage.append('a/log', new TextEncoder().encode('2\\n'))
  await storage.truncate('a/log', 10)
  const failing = (function* () { yield new Uint8Array(9); throw new RangeError('no more') })
  const result = {
    bytes: [...await storage.read('a/b.bin')],
    range: [...await storage.readRange('a/b.bin', 1, 2)],
    log: await readText(storage, 'a/log'),
    sizes: [await storage.size('a/log'), await storage.size('a/b.bin')],
    failedOver: await failure(storage.write('a/b.bin', failing())),
    failedNew: await failure(storage.write('new', failing())),
    after: [...await storage.read('a/b.bin')],
    list: [await storage.list(), await storage.list('a'), await storage.list('none')],
    exists: [await storage.exists('a/log'), await storage.exists('a'), await storage.exists('none/x')],
    missing: await failure(storage.read('gone')),
    short: await failure(storage.readRange('a/b.bin', 3, 2)),
    folder: await failure(writeText(storage, 'a', 'x')),
    outside: await failure(storage.read('../x').catch(error => { throw error })),
  }
  await storage.remove('a/log')
  await storage.remove('a/log')
  result.left = await storage.list()
  return result
`

test.skipIf(!executablePath)('files of a browser (needs Chromium)', async () => {
  const server = createServer(({ url }, response) => {
    const path = join(import.meta.dirname, '..', url ?? '')
    const isModule = url?.endsWith('.ts') === true && existsSync(path)
    response.setHeader('content-type', isModule ? 'text/javascript' : 'text/html')
    response.end(isModule ? stripTypeScriptTypes(readFileSync(path, 'utf8'), { mode: 'transform' }) : '<!doctype html>')
  }).listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const address = server.address()
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    await page.goto(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/`)
    expect(await page.evaluate(`(async () => {${program}})()`)).toEqual({
      bytes: [1, 2, 3, 4],
      range: [2, 3],
      log: 'line 1 ü\n',
      sizes: [10, 4],
      failedOver: 'RangeError: no more',
      failedNew: 'RangeError: no more',
      after: [1, 2, 3, 4],
      list: [['a/b.bin', 'a/log'], ['a/b.bin', 'a/log'], []],
      exists: [true, false, false],
      missing: 'StorageError: browser:gone expected a file that exists. Received none. Is the path right?',
      short: expect.stringContaining('browser:a/b.bin expected 2 bytes from byte 3. Received a file of 4 bytes.'),
      folder: expect.stringContaining('StorageError: Writing browser:a expected a file. Received a folder'),
      outside: expect.stringContaining('StorageError: A storage expected a relative name'),
      left: ['a/b.bin'],
    })
  } finally {
    await browser.close()
    server.close()
  }
})
