/**
 * Speed of the tokenizers, beside Hugging Face's where NACRE_PYTHON names a Python that has `tokenizers`.
 * Needs NACRE_DATA_MIRROR: `NACRE_DATA_MIRROR=DIR node bench/tokenizers.ts`. Both sides use one thread; encoding is of text
 * not seen before, the best of three runs, each with an empty cache.
 */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { trainByteLevelBPE } from '../src/tokenizers/bpe-training.ts'
import { trainCharacters } from '../src/tokenizers/characters.ts'
import { gpt2Tokenizer } from '../src/tokenizers/gpt2-files.ts'
import type { Tokenizer } from '../src/tokenizers/tokenizer.ts'

const gutenberg = 'english_corpora/gutenberg'
const english = [`${gutenberg}/war_and_peace.txt`, `${gutenberg}/moby_dick.txt`, 'english_corpora/enwiki_articles.txt']
const chinese = ['chinese_novels/hongloumeng.txt', 'chinese_novels/xiyouji.txt']
const corpora: Record<string, readonly string[]> = {
  english,
  chinese,
  mixed: [...english.slice(0, 2), ...chinese, 'noto_emoji/captions.tsv', 'sft_misc/glaive_toolcall_en_demo.json'],
}
const trainingCorpora: Record<string, readonly string[]> = {
  english: [...english, `${gutenberg}/charlotte_bronte_collected.txt`],
  mixed: [
    ...english.slice(0, 2),
    ...chinese,
    `${gutenberg}/sherlock_holmes.txt`,
    `${gutenberg}/alice_in_wonderland.txt`,
  ],
}
const trainingSize = 8192

if (process.env.NACRE_DATA_MIRROR === undefined) {
  console.error('Set NACRE_DATA_MIRROR to the folder of the data sets.')
  process.exit(2)
}
const mirror = resolve(process.env.NACRE_DATA_MIRROR)
const readText = (path: string): string => readFileSync(join(mirror, path), 'utf8')
const readAll = (paths: readonly string[]): string => paths.map(readText).join('')

interface Row {
  readonly task: string
  readonly megabytes: number
  readonly unit: 'MB/s' | 's'
  readonly ours: number
  readonly theirs?: number
}

async function main(): Promise<void> {
  const theirs = await huggingFaceNumbers()
  const rows: Row[] = []
  const encoder = JSON.parse(readText('tokenizers/gpt2/encoder.json'))
  const merges = readText('tokenizers/gpt2/vocab.bpe')
  for (const [name, paths] of Object.entries(corpora)) {
    const text = readAll(paths)
    const task = `encode ${name}, GPT-2`
    rows.push(encodeRow(task, text, () => gpt2Tokenizer(encoder, merges), theirs[`encode ${name}`]))
  }
  const mixed = readAll(corpora.mixed)
  const characters = await trainCharacters([mixed])
  rows.push(encodeRow('encode mixed, characters', mixed, () => characters))
  for (const [name, paths] of Object.entries(trainingCorpora)) {
    const texts = paths.map(readText)
    const start = performance.now()
    await trainByteLevelBPE(texts, { vocabularySize: trainingSize })
    const seconds = (performance.now() - start) / 1000
    const task = `train ${trainingSize} on ${name}`
    rows.push({
      task,
      megabytes: megabytesOf(texts.join('')),
      unit: 's',
      ours: seconds,
      theirs: theirs[`train ${name}`],
    })
  }
  printTable(rows)
}

function encodeRow(task: string, text: string, create: () => Tokenizer, theirs?: number): Row {
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3; run++) {
    const tokenizer = create()
    const start = performance.now()
    tokenizer.encode(text)
    best = Math.min(best, (performance.now() - start) / 1000)
  }
  return { task, megabytes: megabytesOf(text), unit: 'MB/s', ours: megabytesOf(text) / best, theirs }
}

function megabytesOf(text: string): number {
  return Buffer.byteLength(text) / 1e6
}

/** Numbers by task; empty without a Python. */
async function huggingFaceNumbers(): Promise<Record<string, number>> {
  const python = process.env.NACRE_PYTHON
  if (python === undefined) {
    console.log('NACRE_PYTHON is not set: only our numbers. It names a Python that has `tokenizers`.\n')
    return {}
  }
  const input = JSON.stringify({ mirror, corpora, trainingCorpora, trainingSize })
  const env = { ...process.env, TOKENIZERS_PARALLELISM: 'false', RAYON_NUM_THREADS: '1' }
  const { status, stdout, stderr } = spawnSync(python, ['-c', pythonScript], { input, env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`${python} failed: ${stderr}`)
  return JSON.parse(stdout)
}

const pythonScript = `
import json, sys, time
from pathlib import Path
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
task = json.load(sys.stdin)
mirror = Path(task["mirror"])
read = lambda path: (mirror / path).read_bytes().decode()
files = [str(mirror / "tokenizers" / "gpt2" / name) for name in ("encoder.json", "vocab.bpe")]
def byte_level(model):
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer
numbers = {}
for name, paths in task["corpora"].items():
    text = "".join(map(read, paths))
    # Whole lines, as people feed it: one string of megabytes is slower still.
    lines = text.splitlines(keepends=True)
    best = float("inf")
    for run in range(2):
        tokenizer = byte_level(models.BPE.from_file(*files))
        start = time.perf_counter()
        tokenizer.encode_batch_fast(lines)
        best = min(best, time.perf_counter() - start)
    numbers["encode " + name] = len(text.encode()) / 1e6 / best
for name, paths in task["trainingCorpora"].items():
    texts = [read(path) for path in paths]
    tokenizer = byte_level(models.BPE())
    trainer = trainers.BpeTrainer(vocab_size=task["trainingSize"], min_frequency=2, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    start = time.perf_counter()
    tokenizer.train_from_iterator(texts, trainer)
    numbers["train " + name] = time.perf_counter() - start
print(json.dumps(numbers))
`

function printTable(rows: readonly Row[]): void {
  console.log('| task | MB | Nacre | Hugging Face tokenizers | times as fast |\n|---|---|---|---|---|')
  for (const { task, megabytes, unit, ours, theirs } of rows) {
    const ratio = theirs === undefined ? undefined : unit === 's' ? theirs / ours : ours / theirs
    const cells = [task, megabytes.toFixed(1), number(ours, unit), number(theirs, unit), number(ratio, '')]
    console.log(`| ${cells.join(' | ')} |`)
  }
}

function number(value: number | undefined, unit: string): string {
  return value === undefined ? '' : `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`.trim()
}

await main()
