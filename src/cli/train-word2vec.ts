import { existsSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { flagOf, type GivenOptions } from '../base/options.ts'
import { openTokens } from '../data/node.ts'
import { joinTexts, type TextSource } from '../data/text.ts'
import { nodeStorage } from '../storage/node.ts'
import { jiebaSegmenter } from '../tokenizers/node.ts'
import { intlSegmenter, type Segmenter, spaceSegmenter } from '../tokenizers/segmenter.ts'
import { needsText } from '../training/run.ts'
import { threadedCrew } from '../training/word2vec/node.ts'
import { word2vecOptions } from '../training/word2vec/options.ts'
import {
  resumedVectorOptions,
  trainWord2vec,
  type VectorsEvent,
  type VectorsProgress,
  type Word2vecOptions,
} from '../training/word2vec/run.ts'
import type { Command, CommandContext } from './command.ts'
import { openData } from './open-data.ts'
import { noteReplaced } from './out-folder.ts'
import { ProgressLine } from './progress-line.ts'

type Context = CommandContext<typeof word2vecOptions>

/** `nacre train word2vec`, whose options are its own. */
export const command: Command<typeof word2vecOptions> = {
  arguments: [{ name: 'word2vec', help: 'vectors of words, by CBOW or skip-gram' }],
  options: word2vecOptions,
  examples: [
    'nacre train word2vec --data english-books --sentences paragraphs --out runs/vectors',
    'nacre train word2vec --data chinese-novels --threads 1 --epochs 10 --out runs/novels',
    'nacre train word2vec --resume --out runs/vectors',
    'nacre similar runs/vectors whale',
  ],
  async run(context) {
    const { arguments: words, given, host, note } = context
    if (words[0] !== 'word2vec')
      throw new OptionError({ what: 'nacre train', expected: 'word2vec as its first word', received: `"${words[0]}"` })
    const out = context.options.out ?? 'runs/latest'
    const storage = nodeStorage(resolve(out))
    refuseUnused(given, context.options)
    const settled = context.options.resume ? await resumedVectorOptions(storage, given) : context.options
    const options = { ...settled, data: settled.data.map(name => (existsSync(name) ? resolve(name) : name)) }
    const needed = await needsText(storage, options)
    if (!options.resume) await noteReplaced(storage, out, note)
    const text =
      needed || !options.resume ? await openTexts(options, { environment: host.environment, note }) : undefined
    const events = trainWord2vec({
      ...{ storage, options, text, signal: context.signal },
      segmenter: await segmenterOf(options.segmenter),
      threads: options.threads ?? availableParallelism(),
      openTokens: name => openTokens(resolve(out), name),
      threadedCrew: (work, memory, name) => threadedCrew(work, memory, { directory: resolve(out), name }),
    })
    await show(events, out, context)
  },
}

/** @throws {OptionError} if an option was given that another one leaves without a meaning */
function refuseUnused(
  given: GivenOptions<typeof word2vecOptions>,
  { objective, phrases, resume }: Pick<Word2vecOptions, 'objective' | 'phrases' | 'resume'>,
): void {
  if (resume) return
  const unused = [
    objective === 'hierarchical-softmax' &&
      given.negative !== undefined && ['negative', '--objective negative-sampling'],
    phrases === 0 && given.phraseThreshold !== undefined && ['phraseThreshold', '--phrases PASSES'],
  ].find(found => found !== false)
  if (unused === undefined) return
  const [name, expected] = unused
  throw new OptionError({ what: `Option ${flagOf(name)}`, expected, received: 'none' })
}

async function segmenterOf(name: 'intl' | 'jieba' | 'spaces'): Promise<Segmenter> {
  if (name === 'jieba') return jiebaSegmenter()
  return name === 'spaces' ? spaceSegmenter : intlSegmenter('zh') // its rules for spaced languages are those of others
}

/** Every text that `--data` names, one after another. */
async function openTexts(
  { data, ...options }: { readonly data: readonly string[]; readonly encoding: string; readonly mirror?: string },
  host: Parameters<typeof openData>[1],
): Promise<TextSource> {
  const texts: TextSource[] = []
  for (const name of data.length === 0 ? [undefined] : data)
    texts.push(await openData({ data: name, ...options }, host))
  return texts.length === 1 ? texts[0] : joinTexts(texts.map(({ name }) => name).join(', '), texts)
}

/** Shows the events: records for programs, a bar on a terminal, lines elsewhere. */
async function show(events: AsyncIterable<VectorsEvent>, out: string, context: Context): Promise<void> {
  const { json, report } = context
  let told = 0
  const progress = new ProgressLine(context)
  const count = (value: number) => value.toLocaleString('en-US')
  try {
    for await (const event of events) {
      if (json) {
        report(event, '')
        continue
      }
      switch (event.type) {
        case 'start': {
          const { vocabulary, parameters, words, threads, done } = event
          progress.say(`word2vec: ${count(vocabulary)} words, ${count(parameters)} parameters`)
          progress.say(
            `text: ${count(words)} words of the vocabulary; ${threads === 1 ? '1 thread' : `${threads} threads`}`,
          )
          if (done > 0) progress.say(`Going on at ${(100 * done).toFixed(1)} % of the work.`)
          break
        }
        case 'progress': {
          const share = event.chunk / event.chunks
          if (progress.isDrawn) progress.draw(share, progressText(event))
          else if (share >= told) {
            progress.say(progressText(event))
            told = Math.floor(share * 10 + 1) / 10
          }
          break
        }
        case 'stopped':
          progress.say(`Stopped, everything saved. Go on with: nacre train word2vec --resume --out ${out}`)
          break
        case 'done':
          progress.say(`Done. The vectors are in ${join(out, event.file)}. Try: nacre similar ${out} WORD`)
          break
      }
    }
  } finally {
    progress.clear()
  }
}

function progressText({ chunk, chunks, epoch, wordsPerSecond, loss }: VectorsProgress): string {
  const share = `${((100 * chunk) / chunks).toFixed(1)} %`.padStart(7)
  return `${share}  epoch ${epoch}  loss ${loss.toFixed(3)}  ${wordsPerSecond.toLocaleString('en-US')} words/s`
}
