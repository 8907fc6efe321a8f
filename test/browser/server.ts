import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { stripTypeScriptTypes } from 'node:module'
import { extname, join, normalize, sep } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** Where a browser finds the packages that the sources name. */
const imports = {
  '@bufbuild/protobuf': '/node_modules/@bufbuild/protobuf/dist/esm/index.js',
  '@bufbuild/protobuf/codegenv2': '/node_modules/@bufbuild/protobuf/dist/esm/codegenv2/index.js',
  'onnxruntime-web/wasm': '/node_modules/onnxruntime-web/dist/ort.wasm.bundle.min.mjs',
  'onnxruntime-web/webgpu': '/node_modules/onnxruntime-web/dist/ort.webgpu.bundle.min.mjs',
}
const page = `<!doctype html><script type="importmap">${JSON.stringify({ imports })}</script>`

const types: Readonly<Record<string, string>> = {
  '.ts': 'text/javascript',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
}

/** A file of the repository as a browser can take it: TypeScript without its types. */
async function contentOf(path: string): Promise<{ type: string; body: string | Buffer }> {
  if (path === '/') return { type: 'text/html', body: page }
  const file = join(root, normalize(path))
  const type = types[extname(file)]
  if (type === undefined || !file.startsWith(root + sep)) throw new Error(`not served: ${path}`)
  const body = await readFile(file)
  return { type, body: extname(file) === '.ts' ? stripTypeScriptTypes(body.toString()) : body }
}

export interface PageServer extends AsyncDisposable {
  readonly url: string
}

/** Serves an empty page that can import the sources; it is cross-origin isolated, so that WebAssembly has threads. */
export async function servePage(): Promise<PageServer> {
  const server = createServer(({ url = '/' }, response) => {
    response.setHeader('cross-origin-opener-policy', 'same-origin')
    response.setHeader('cross-origin-embedder-policy', 'require-corp')
    contentOf(new URL(url, 'http://localhost').pathname).then(
      ({ type, body }) => response.setHeader('content-type', type).end(body),
      error => response.writeHead(404).end(String(error)),
    )
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}/`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
