/**
 * Words per second of word2vec, beside gensim (NACRE_PYTHON) and the published C program (NACRE_WORD2VEC, its path): the
 * same words, settings and threads, engines by turns; the best of each is taken. Needs NACRE_DATA_MIRROR.
 *
 *     node bench/word2vec.ts [--words 1000000] [--rounds 2] [--objective hierarchical-softmax]
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { englishWords } from '../recipes/word2vec.ts'
import { findDataset, memoryText, spaceSegmenter, trainWord2vec, word2vecDefaults } from '../src/index.ts'
import { fetchDataset, nodeStorage, openTokens, threadedCrew } from '../src/node.ts'

const { values } = parseArgs({
  options: {
    words: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '2' },
    objective: { type: 'string', default: 'negative-sampling' },
  },
})
const objective = values.objective === 'hierarchical-softmax' ? values.objective : 'negative-sampling'
const python = process.env.NACRE_PYTHON
const program = process.env.NACRE_WORD2VEC

interface Settings {
  readonly architecture: 'skip-gram' | 'cbow'
  readonly threads: number
}

const directory = mkdtempSync(join(tmpdir(), 'nacre-bench-word2vec-'))
const corpus = join(directory, 'corpus.txt')
const text = await englishWords(name => fetchDataset(findDataset(name)), Number(values.words))
writeFileSync(corpus, text)
const words = text.split(' ').length

/** Of the training alone, without the reading of the text and the start of the threads. */
async function ours({ architecture, threads }: Settings): Promise<number> {
  const folder = join(directory, 'run')
  const storage = nodeStorage(folder)
  const options = word2vecDefaults({ architecture, objective, sentences: 'none', epochs: 2, saveEvery: 1000 })
  const events = trainWord2vec({
    ...{ storage, options, threads, sliceMs: 200, text: memoryText(text), segmenter: spaceSegmenter },
    openTokens: name => openTokens(folder, name),
    threadedCrew: (work, memory, name) => threadedCrew(work, memory, { directory: folder, name }),
  })
  let first: { readonly chunk: number; readonly at: number } | undefined
  let rate = 0
  for await (const event of events) {
    if (event.type !== 'progress') continue
    first ??= { chunk: event.chunk, at: performance.now() }
    rate = (2000 * words * (event.chunk - first.chunk)) / event.chunks / (performance.now() - first.at)
  }
  return rate
}

async function gensim({ architecture, threads }: Settings): Promise<number> {
  const peer = join(import.meta.dirname, 'peers/gensim-word2vec.py')
  const flags = ['--architecture', architecture, '--objective', objective, '--threads', `${threads}`, '--epochs', '1']
  return JSON.parse(execFileSync(python!, [peer, corpus, ...flags], { encoding: 'utf8' })).wordsPerSecond
}

/** It does not say how long it trained: that is the time of two epochs less that of one. */
async function original({ architecture, threads }: Settings): Promise<number> {
  const isTree = objective === 'hierarchical-softmax'
  const flags = Object.entries({
    ...{ train: corpus, output: join(directory, 'c.bin'), binary: 1, size: 100, window: 5, sample: 1e-3 },
    ...{ cbow: architecture === 'cbow' ? 1 : 0, hs: isTree ? 1 : 0, negative: isTree ? 0 : 5 },
    ...{ threads, 'min-count': 5, debug: 0 },
  }).flatMap(([name, value]) => [`-${name}`, `${value}`])
  const seconds = (epochs: number) => {
    const started = performance.now()
    execFileSync(program!, [...flags, '-iter', `${epochs}`])
    return (performance.now() - started) / 1000
  }
  return words / (seconds(2) - seconds(1))
}

const engines: { readonly name: string; readonly run: (settings: Settings) => Promise<number> }[] = [
  { name: 'Nacre', run: ours },
  ...(python ? [{ name: 'gensim', run: gensim }] : []),
  ...(program ? [{ name: 'C program', run: original }] : []),
]
console.log(`${cpus()[0].model}, Node ${process.version}, ${new Date().toISOString().slice(0, 10)}`)
console.log(`${words} words, ${objective}, 100 channels, window 5; words per second\n`)
console.log(`| architecture | threads | ${engines.map(({ name }) => name).join(' | ')} | Nacre / gensim |`)
console.log(`|---|---|${engines.map(() => '---|').join('')}---|`)
for (const architecture of ['skip-gram', 'cbow'] as const) {
  for (const threads of [1, 2]) {
    const best = engines.map(() => 0)
    for (let round = 0; round < Number(values.rounds); round++)
      for (const [i, { run }] of engines.entries()) best[i] = Math.max(best[i], await run({ architecture, threads }))
    const cells = best.map(rate => Math.round(rate).toLocaleString('en-US'))
    console.log(
      `| ${architecture} | ${threads} | ${cells.join(' | ')} | ${python ? (best[0] / best[1]).toFixed(2) : ''} |`,
    )
  }
}
rmSync(directory, { recursive: true })
