import { existsSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { loadBertTokenizer } from '../checkpoints/bert.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { readText } from '../storage/storage.ts'
import { jiebaSegmenter } from '../tokenizers/node.ts'
import { intlSegmenter, type Segmenter } from '../tokenizers/segmenter.ts'
import { type WordPiece, wordPieceVocabulary } from '../tokenizers/word-piece.ts'
import { bertOptions } from '../training/bert-options.ts'
import { type BertEvent, type BertRunOptions, resumedBertOptions, trainBertRun } from '../training/bert-run.ts'
import { costLine } from '../training/cost.ts'
import { clock } from '../training/progress.ts'
import type { Command, CommandContext } from './command.ts'
import { openData } from './open-data.ts'
import { noteReplaced } from './out-folder.ts'
import { ProgressLine } from './progress-line.ts'

type Context = CommandContext<typeof bertOptions>

/** `nacre train bert`, whose options are its own. */
export const command: Command<typeof bertOptions> = {
  arguments: [{ name: 'bert', help: 'an encoder that learns by filling in masked words' }],
  options: bertOptions,
  examples: [
    'nacre train bert --data my.txt --size bert-mini --out runs/bert',
    'nacre train bert --data chinese-novels --masking words --segmenter jieba --out runs/bert-zh',
    'nacre train bert --data my.txt --tokenizer bert-base-uncased-vocab.txt --out runs/mine',
    'nacre train bert --resume --out runs/bert --steps 4000',
    'nacre fill runs/bert "The [MASK] sat on the mat"',
  ],
  async run(context) {
    const { arguments: words, given, host, note, signal } = context
    if (words.length !== 1 || words[0] !== 'bert') {
      const received = words.map(word => `"${word}"`).join(' ')
      throw new OptionError({ what: 'nacre train', expected: 'bert as its only word', received })
    }
    const out = context.options.out ?? 'runs/latest'
    const storage = nodeStorage(resolve(out))
    const { resume } = context.options
    const options = resume ? await resumedBertOptions(storage, given) : context.options
    if (!resume) await noteReplaced(storage, out, note)
    const { data, device, threads } = options
    const text = await openData(options, { environment: host.environment, note })
    const events = trainBertRun({
      ...{ storage, signal, text },
      runtime: nodeRuntime({ device, threads }),
      tokenizer: await openTokenizer(options),
      segmenter: await openSegmenter(options),
      options: {
        ...options,
        data: data !== undefined && existsSync(data) ? resolve(data) : data,
        tokenizer: options.tokenizer && resolve(options.tokenizer),
      },
    })
    await showBertRun(events, out, context)
  },
}

async function openTokenizer({ tokenizer: path, lowercase }: BertRunOptions): Promise<WordPiece | undefined> {
  if (path === undefined) return undefined
  if (!existsSync(path)) {
    const expected = 'a vocab.txt, or a folder with tokenizer.json, that exists'
    throw new OptionError({ what: 'Option --tokenizer', expected, received: `"${path}"` })
  }
  const absolute = resolve(path)
  if (statSync(absolute).isDirectory()) return loadBertTokenizer(nodeStorage(absolute))
  return wordPieceVocabulary(await readText(nodeStorage(dirname(absolute)), basename(absolute)), { lowercase })
}

async function openSegmenter({ masking, segmenter }: BertRunOptions): Promise<Segmenter | undefined> {
  if (masking === 'tokens') return undefined
  return segmenter === 'jieba' ? jiebaSegmenter() : intlSegmenter('zh')
}

const count = (value: number): string => Math.round(value).toLocaleString('en-US')
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`

/** Shows the events: records for programs, a bar on a terminal, lines elsewhere. */
async function showBertRun(
  events: AsyncIterable<BertEvent>,
  out: string,
  { host, json, print, report }: Pick<Context, 'host' | 'json' | 'print' | 'report'>,
): Promise<void> {
  let [steps, loss, durationMs, rate] = [1, Number.NaN, Number.NaN, Number.NaN]
  const smooth = (mean: number, value: number) => (Number.isNaN(mean) ? value : mean + 0.05 * (value - mean))
  const progress = new ProgressLine({ host, json, print })
  try {
    for await (const event of events) {
      if (json) {
        report(event, '')
        continue
      }
      switch (event.type) {
        case 'start': {
          const { model, parameters, vocabulary, trainTokens, trainDocuments, validationTokens, updatesPerEpoch } =
            event
          steps = event.steps
          progress.say(`${model}: ${count(parameters)} parameters, vocabulary ${count(vocabulary)}`)
          progress.say(
            `text: ${count(trainTokens)} tokens in ${count(trainDocuments)} documents to learn from, ${count(validationTokens)} held out`,
          )
          progress.say(
            event.from > 0
              ? `resumed at step ${count(event.from)} of ${count(steps)}`
              : `${count(steps)} steps of ${event.batchSize} rows, ${(steps / updatesPerEpoch).toFixed(1)} times through the text`,
          )
          break
        }
        case 'step': {
          loss = smooth(loss, event.loss)
          durationMs = smooth(durationMs, event.durationMs)
          rate = smooth(rate, event.itemsPerSecond)
          const left = clock(((steps - event.step) * durationMs) / 1000)
          const line = `step ${count(event.step)}/${count(steps)}  loss ${loss.toFixed(3)}  ${count(rate)} tokens/s  ${left} left`
          if (progress.isDrawn) progress.draw(event.step / steps, line)
          else if (event.step % 100 === 0) progress.say(line)
          break
        }
        case 'validation':
          progress.say(
            `step ${count(event.step)}: held out: ${percent(event.maskAccuracy)} of masked words right (${event.maskLoss.toFixed(3)} nats), ${percent(event.nextAccuracy)} of next sentences (${event.nextLoss.toFixed(3)})${event.best ? ' (best)' : ''}`,
          )
          break
        case 'stopped':
          progress.say(costLine(event.cost))
          progress.say(
            `Stopped at step ${event.step}, everything saved. Go on with: nacre train bert --resume --out ${out}`,
          )
          break
        case 'done':
          progress.say(costLine(event.cost))
          progress.say(`Done. The model is in ${out}; its loss is plotted in ${join(out, 'training/loss.svg')}.`)
          progress.say(`Try: nacre fill ${out} "... [MASK] ..."`)
          break
      }
    }
  } finally {
    progress.clear()
  }
}
