/** What the documents say is held against what is there: examples run, links lead somewhere, the tree is the tree. */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commands } from '../src/cli/commands.ts'
import { timeline } from '../src/models/index.ts'

const root = resolve(import.meta.dirname, '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')
const readmes = ['README.md', 'README.zh-CN.md']
const recipe = 'recipes/readme-example.ts'

const documents = [
  ...readmes,
  'CONTRIBUTING.md',
  ...readdirSync(join(root, 'docs'), { recursive: true })
    .map(name => join('docs', String(name)))
    .filter(name => name.endsWith('.md')),
]

/** The fenced blocks of a document. */
const blocks = (text: string): string[] => [...text.matchAll(/^```\w*\n(.*?)^```$/gms)].map(match => match[1])

/** The marked part of the recipe, with the package's doors in place of the sources. */
function snippet(): string {
  const [, marked] = /^\/\/ README begins\n(.*?)^\/\/ README ends$/ms.exec(read(recipe))!
  return marked.replace("'../src/index.ts'", "'nacre'").replace("'../src/node.ts'", "'nacre/node'")
}

test('the example of the READMEs runs', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [recipe], { cwd: root, encoding: 'utf8' })
  expect(status, stderr).toBe(0)
  const losses = [...stdout.matchAll(/^\d+ (\d\.\d{3})$/gm)].map(match => Number(match[1]))
  expect(losses).toHaveLength(3)
  expect(losses[2]).toBeLessThan(0.4)
  expect(stdout.split('\n').slice(losses.length).join('\n')).toMatch(/\b(hides|keeps|makes) a (pearl|shell|wave)\.\n/)
})

describe.each(readmes)('%s', name => {
  const text = read(name)

  test('shows the example as the recipe has it', () => {
    expect(blocks(text)).toContain(snippet())
  })

  test('its tree names every folder of src, and no other', () => {
    const tree = blocks(text).find(block => block.startsWith('src/\n'))!
    const named = [...tree.matchAll(/^ {2}([a-z]+)\/ /gm)].map(match => match[1])
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter(entry => entry.isDirectory())
    expect(named.toSorted()).toEqual(folders.map(folder => folder.name).toSorted())
  })

  test('names every command and every model', () => {
    const missing = commands.map(command => `nacre ${command.name}`).filter(command => !text.includes(command))
    expect(missing).toEqual([])
    for (const { name: model, year } of timeline)
      expect(text).toMatch(new RegExp(`^\\| ${year} \\|.*\`${model}\``, 'm'))
  })
})

test('both READMEs have the same sections, tables and blocks', () => {
  const outline = (name: string) => {
    const text = read(name)
    const count = (pattern: RegExp) => text.match(pattern)?.length
    return [count(/^#+ /gm), count(/^\|/gm), blocks(text).length]
  }
  expect(outline(readmes[1])).toEqual(outline(readmes[0]))
})

test.each(documents)('%s: links lead somewhere', name => {
  const targets = [...read(name).matchAll(/\]\(([^)#]+)(?:#[^)]*)?\)/g)].map(match => match[1])
  const broken = targets
    .filter(target => !/^https?:/.test(target))
    .map(target => join(dirname(name), target))
    .filter(target => !existsSync(join(root, target)) || relative(root, join(root, target)).startsWith('..'))
  expect(broken).toEqual([])
})

test('decisions are dated and short', () => {
  for (const name of documents.filter(path => path.startsWith(join('docs', 'decisions')))) {
    const lines = read(name).split('\n')
    expect([name, lines.length <= 41]).toEqual([name, true])
    expect([name, lines.some(line => /^\d{4}-\d\d-\d\d$/.test(line))]).toEqual([name, true])
    for (const part of ['**Context.**', '**Choice.**', '**Consequence.**']) {
      expect([name, part, lines.some(line => line.startsWith(part))]).toEqual([name, part, true])
    }
  }
})
