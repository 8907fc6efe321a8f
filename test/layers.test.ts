import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { expect, test } from 'vitest'

/** The rows of the house: a folder imports only rows above it, and never another folder of its own row. */
const rows: readonly (readonly string[])[] = [
  ['base'],
  ['onnx', 'runtime', 'storage', 'tokenizers', 'charts'],
  ['ops', 'data'],
  ['tensor'],
  ['autodiff', 'compiler'],
  ['nn', 'optim'],
  ['models'],
  ['checkpoints'],
  ['generation', 'evaluation'],
  ['training'],
  ['alignment', 'chat', 'interpret'],
  ['agent'],
  ['server'],
  ['cli'],
  ['index.ts', 'node.ts', 'web.ts'],
]
const source = resolve(import.meta.dirname, '../src')
const rowOf = new Map(rows.flatMap((names, row) => names.map(name => [name, row] as const)))

function files(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap(entry =>
    entry.isDirectory()
      ? files(join(directory, entry.name))
      : entry.name.endsWith('.ts')
        ? [join(directory, entry.name)]
        : [],
  )
}

/** Value imports of a file: type-only imports are free, and so are tests. */
function imports(path: string): string[] {
  const text = readFileSync(path, 'utf8')
  return [
    ...text.matchAll(
      /^(?:import|export)\s+(?!type\b)[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|import\('([^']+)'\)/gm,
    ),
  ].map(match => match[1] ?? match[2] ?? match[3])
}

/** Whether a file takes this import only when it is needed. */
const isLazy = (path: string, specifier: string): boolean =>
  !readFileSync(path, 'utf8').match(new RegExp(`^(?:import|export)\\s+(?!type\\b)[^'"]*?from\\s+'${specifier}'`, 'm'))

const sources = files(source).filter(path => !path.endsWith('.test.ts'))
const folderOf = (path: string) => relative(source, path).split(sep)[0]

test('every folder of src has its row', () => {
  expect(readdirSync(source).filter(name => !rowOf.has(name))).toEqual([])
})

test('a folder imports only rows above it', () => {
  const wrong: string[] = []
  for (const path of sources) {
    for (const specifier of imports(path).filter(specifier => specifier.startsWith('.'))) {
      const from = folderOf(path)
      const to = folderOf(resolve(dirname(path), specifier))
      // `nacre reproduce` runs the recipes: loaded when asked for, as they stand on the doors above.
      if (from === 'cli' && specifier === '../../recipes/index.ts' && isLazy(path, specifier)) continue
      if (from !== to && !(rowOf.get(to)! < rowOf.get(from)!))
        wrong.push(`${relative(source, path)} imports ${specifier}`)
    }
  }
  expect(wrong).toEqual([])
})

test('host code lives only in node.ts, web.ts and cli', () => {
  const host = /^(node:|onnxruntime-node|onnxruntime-web|@node-rs\/)/
  const wrong = sources
    .filter(path => folderOf(path) !== 'cli' && !/(^|\/)(node|web)\.ts$/.test(path))
    .flatMap(path =>
      imports(path)
        .filter(specifier => host.test(specifier))
        .map(specifier => `${relative(source, path)}: ${specifier}`),
    )
  expect(wrong).toEqual([])
})

test('recipes use only the doors', () => {
  const recipes = resolve(source, '../recipes')
  const doors = /^(\.\.\/src\/(index|node|web)\.ts|\.\/[\w-]+\.ts|node:\w+)$/
  const wrong = files(recipes).flatMap(path =>
    imports(path)
      .filter(specifier => !doors.test(specifier))
      .map(specifier => `${relative(recipes, path)}: ${specifier}`),
  )
  expect(wrong).toEqual([])
})
