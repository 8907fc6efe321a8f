import { join, resolve } from 'node:path'
import { DataError } from '../base/errors.ts'
import { saveModelFolder } from '../checkpoints/model-folder.ts'
import { findDataset } from '../data/catalog.ts'
import { datasetText } from '../data/get.ts'
import { type SmallWorldEntropy, smallWorldEntropy } from '../data/small-world.ts'
import { type MeasuredText, splitText, type TextSource } from '../data/text.ts'
import { memoryTokens, type TokenSource } from '../data/token-shards.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { encodeChunks, type Tokenizer } from '../tokenizers/tokenizer.ts'
import { clock } from '../training/progress.ts'
import { columnsOf, padColumns, tableOf, wrapColumns } from './columns.ts'
import type { Command, CommandContext } from './command.ts'
import { openData } from './open-data.ts'
import { refuseFile, refuseModel } from './out-folder.ts'
import { machineText, thisMachine } from './results.ts'
import { chooseMembers, type LearningPoint, type Member, type MemberResult } from './timeline-members.ts'
import { learningPlot, timelinePlot } from './timeline-plots.ts'

const options = {
  data: {
    type: 'string',
    placeholder: 'FILE',
    help: 'the text: a file, a dataset of "nacre data list" (default: tinyshakespeare)',
  },
  mirror: { type: 'string', placeholder: 'DIR', help: 'take datasets from this folder (default: $NACRE_DATA_MIRROR)' },
  encoding: { type: 'string', default: 'utf-8', help: 'encoding of the text, for example gb18030' },
  minutes: { type: 'number', default: 1, above: 0, help: 'training time of each model' },
  models: { type: 'string', placeholder: 'A,B', help: 'who takes part, separated by commas (default: everyone)' },
  out: { type: 'string', default: 'runs/timeline', placeholder: 'DIR', help: 'folder of plots, numbers and models' },
  sampleTokens: { type: 'integer', default: 120, minimum: 1, unit: 'tokens', help: 'length of the samples' },
  seed: { type: 'integer', default: 1, minimum: 0, help: 'first weights, batches and samples follow from it' },
  threads: { type: 'integer', minimum: 1, help: 'threads of one operator (default: one for each core)' },
} as const

type Context = CommandContext<typeof options>

/** Held-out characters that are scored; more would say nothing new. */
const heldOutTokens = 200_000

export const command: Command<typeof options> = {
  arguments: [],
  options,
  examples: [
    'nacre timeline',
    'nacre timeline --data chinese-novels --minutes 5 --out runs/timeline-zh',
    'nacre timeline --data small-world-zh --models bigram,gpt2',
  ],
  async run(context) {
    const { minutes, models, seed, sampleTokens, threads } = context.options
    const chosen = chooseMembers(models)
    const out = resolve(context.options.out)
    const runtime = nodeRuntime({ threads })
    const { text, entropy } = await openText(context)
    const tokenizer = await trainCharacters(text.chunks())
    const parts = await splitText(text)
    const train = await tokensOf(tokenizer, parts.train)
    const heldOut = await tokensOf(tokenizer, parts.validation, heldOutTokens)
    checkLength(text, train, heldOut)
    const machine = thisMachine(runtime.threads)
    context.print(`${text.name}: ${count(train.length)} characters to learn from, ${count(heldOut.length)} held out`)
    context.print(
      `${count(tokenizer.vocabularySize)} different ones; ${minutesText(minutes)} of training for each model`,
    )
    context.print(`${machineText(machine)}\n`)

    const storage = nodeStorage(out)
    const write = (name: string, content: string) => storage.write(name, [new TextEncoder().encode(content)])
    refuseFile(context.options.out)
    if (!(await storage.exists('timeline.json'))) {
      // The models of an earlier timeline may be replaced, and nothing else.
      for (const { name } of chosen) await refuseModel(nodeStorage(join(out, name)), join(context.options.out, name))
      await write('timeline.json', `${JSON.stringify({ data: text.name, minutes, seed, machine, results: [] })}\n`)
    }
    const experiment = { tokenizer, train, heldOut, runtime, seconds: 60 * minutes, seed, sampleTokens }
    const results: MemberResult[] = []
    for (const member of chosen) {
      const result = await runMember(member, { ...experiment, signal: context.signal }, out, context)
      if (result === undefined) {
        context.note(`Interrupted: ${member.name} and those after it are left out.`)
        break
      }
      results.push(result)
      if (context.json) context.report({ type: 'member', ...result }, '')
    }
    if (results.length === 0) return
    const columns = Math.min(context.host.stdout.columns, 120)
    context.print(resultTable(results, columns))
    if (entropy)
      context.print(`\nentropy of this text: ${bits(entropy.bitsPerByte)} bits per byte; no model can go below.`)
    for (const { year, model, sample } of results) {
      const lines = sample.trim().split('\n')
      const wrapped = lines.flatMap(line => (columnsOf(line) > columns - 4 ? wrapColumns(line, columns - 4) : [line]))
      context.print(`\n${model}, ${year}:\n${wrapped.map(line => `  │ ${line}`).join('\n')}`)
    }
    const title = `The line on ${text.name}\n${minutesText(minutes)} of training for each model, seed ${seed}`
    const plot = { title, results, entropy: entropy?.bitsPerByte }
    const learned = results.some(({ curve }) => curve.length > 0)
    await write('timeline.svg', await timelinePlot(plot))
    if (learned) await write('learning.svg', await learningPlot(plot))
    const record = { data: text.name, minutes, seed, machine, entropy: entropy?.bitsPerByte, results }
    await write('timeline.json', `${JSON.stringify(record, undefined, 2)}\n`)
    context.note(
      `\nPlots, numbers and models are in ${context.options.out}: timeline.svg, ${learned ? 'learning.svg, ' : ''}timeline.json.`,
    )
  },
}

/** The text, and how well it can be predicted at best, where that is known. */
async function openText({
  options: { data, ...rest },
  host: { environment },
  note,
}: Context): Promise<{ text: TextSource; entropy?: SmallWorldEntropy }> {
  if (data === 'small-world' || data === 'small-world-zh') return smallWorldText(data)
  if (data !== undefined) return { text: await openData({ data, ...rest }, { environment, note }) }
  try {
    return { text: await openData({ data: 'tinyshakespeare', ...rest }, { environment, note }) }
  } catch (error) {
    if (!(error instanceof DataError)) throw error
    note('tinyshakespeare cannot be had here. Instead: the small world, which needs no download.')
    return smallWorldText('small-world')
  }
}

function smallWorldText(name: 'small-world' | 'small-world-zh'): { text: TextSource; entropy: SmallWorldEntropy } {
  const dataset = findDataset(name)
  return { text: datasetText(dataset, []), entropy: smallWorldEntropy('mixed', name === 'small-world' ? 'en' : 'zh') }
}

/** The tokens of a text, of its beginning where it is longer than told. */
async function tokensOf(tokenizer: Tokenizer, text: MeasuredText, most: number = Infinity): Promise<TokenSource> {
  const tokens = new Int32Array(Math.min(text.codePoints, most))
  let length = 0
  for await (const ids of encodeChunks(tokenizer, text.chunks())) {
    const piece = ids.subarray(0, tokens.length - length)
    tokens.set(piece, length)
    length += piece.length
    if (length === tokens.length) break
  }
  const whole = length === text.codePoints
  return memoryTokens(tokens, whole ? text.bytes : new TextEncoder().encode(tokenizer.decode(tokens)).length)
}

/** Enough for a window of every model, and for a held-out part that says something. */
function checkLength(text: TextSource, train: TokenSource, heldOut: TokenSource): void {
  const least = 10_000
  const length = train.length + heldOut.length
  if (length >= least) return
  const hint = 'Name a longer one with --data, or leave it out.'
  throw new DataError({ what: text.name, expected: `at least ${least} characters`, received: String(length), hint })
}

/** Runs one member, with a line that is drawn again and again on a terminal. */
async function runMember(
  member: Member,
  experiment: Parameters<Member['run']>[0],
  out: string,
  { host, json, note }: Context,
): Promise<MemberResult | undefined> {
  const terminal = host.stderr.isTerminal && !json
  const draw = (line: string) => {
    if (terminal) host.stderr.write(`\r\x1b[K${line.slice(0, host.stderr.columns - 1)}`)
  }
  const line = ({ seconds, bitsPerByte, tokensPerSecond }: LearningPoint) =>
    `${clock(seconds)} of ${clock(experiment.seconds)}  ${bits(bitsPerByte)} bits/byte  ${count(tokensPerSecond)} tokens/s`
  if (!terminal) note(`${member.name} ...`)
  draw(`${member.name} ...`)
  try {
    return await member.run(experiment, {
      onPoint: point => draw(`${member.name}  ${line(point)}`),
      onModel: async model => {
        draw(`${member.name}: scoring the held-out text ...`)
        await saveModelFolder(nodeStorage(join(out, member.name)), model)
      },
    })
  } finally {
    draw('')
  }
}

/** One row for each member, with a bar as long as its bits per byte where there is room. */
export function resultTable(results: readonly MemberResult[], columns: number): string {
  const rows = results.map(({ year, model, parameters, tokensSeen, bitsPerByte }) => [
    String(year),
    model,
    count(parameters),
    count(tokensSeen),
    bits(bitsPerByte),
  ])
  const header = ['YEAR', 'MODEL', 'PARAMETERS', 'TOKENS SEEN', 'BITS/BYTE']
  const lines = tableOf([header, ...rows], { right: [2, 3, 4] }).split('\n')
  const room = columns - lines[0].length - 2
  if (room < 8) return lines.join('\n')
  const most = Math.max(...results.map(({ bitsPerByte }) => bitsPerByte))
  const bars = results.map(({ bitsPerByte }) => '━'.repeat(Math.max(1, Math.round((room * bitsPerByte) / most))))
  return lines.map((line, i) => (i === 0 ? line : `${padColumns(line, lines[0].length)}  ${bars[i - 1]}`)).join('\n')
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US')
const bits = (value: number): string => value.toFixed(3)
const minutesText = (minutes: number): string =>
  minutes < 1 ? `${Number((60 * minutes).toPrecision(3))} seconds` : minutes === 1 ? '1 minute' : `${minutes} minutes`
