import { resolve } from 'node:path'
import { checkOptions } from '../base/options.ts'
import { datasetText } from '../data/get.ts'
import { fetchDataset, openTokens } from '../data/node.ts'
import { smallWorldEnglish } from '../data/small-world-text.ts'
import type { TextSource } from '../data/text.ts'
import { tinyshakespeare } from '../data/tinyshakespeare.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { trainCharacters } from '../tokenizers/characters.ts'
import { trainRun } from '../training/run.ts'
import { settleOptions } from '../training/settle-options.ts'
import { converse } from './chat.ts'
import type { Command } from './command.ts'
import { generationOptions, modelOptions, openModel } from './open-model.ts'
import { sampler } from './sample.ts'
import { showRun } from './show-run.ts'

const startOptions = {
  steps: { type: 'integer', default: 2000, minimum: 1, help: 'updates of the weights' },
  out: { type: 'string', default: 'runs/start', placeholder: 'DIR', help: 'folder of the run' },
  talk: { type: 'boolean', default: true, help: 'talk to the model when it is trained' },
} as const

/** The main job: train a small GPT before one's eyes, then let it speak. */
export const command: Command<typeof startOptions> = {
  arguments: [],
  options: startOptions,
  async run(context) {
    const { options, print, note, host, signal, json } = context
    const { text, prompt, sentence } = await startText(host.environment, note)
    print(`Training a small GPT on ${text.name}, from nothing.\n`)
    const trainingOptions = settleOptions('gpt2', { steps: options.steps, out: options.out, preset: 'char-small' })
    const folder = resolve(options.out)
    const events = trainRun({
      modelName: 'gpt2',
      storage: nodeStorage(folder),
      options: trainingOptions,
      runtime: nodeRuntime(),
      text,
      makeTokenizer: source => trainCharacters(source.chunks()),
      openTokens: name => openTokens(folder, name),
      sample: sampler(trainingOptions),
      signal,
    })
    await showRun(events, options.out, context)
    if (signal.aborted) return
    if (options.talk && !json && process.stdin.isTTY && host.stdout.isTerminal) {
      print('\nNow it speaks: type the beginning of a text, and the model goes on.')
      const model = await openModel(folder, { device: 'cpu' }, { generating: true })
      const defaults = checkOptions({ ...generationOptions, ...modelOptions }, {})
      await converse(model, { host, write: context.write, options: defaults })
    }
    print(`
What to try next:
  npx nacre chat ${options.out}
  npx nacre generate ${options.out} --prompt "${prompt}" --tokens 300 --temperature 0.8 --seed 1
  npx nacre score ${options.out} "${sentence}"
  npx nacre train gpt2 --data my.txt --preset char-small --out runs/my`)
  },
}

/** tinyshakespeare where it can be had; otherwise, saying so, the small world, which needs no network. */
async function startText(
  environment: Readonly<Record<string, string | undefined>>,
  note: (text: string) => void,
): Promise<StartText> {
  try {
    const files = await fetchDataset(tinyshakespeare, { environment, retries: 0 })
    const text = { ...datasetText(tinyshakespeare, files), name: 'the plays of Shakespeare (tinyshakespeare)' }
    return { text, prompt: 'ROMEO:', sentence: 'To be, or not to be' }
  } catch {
    note('tinyshakespeare cannot be had here: there is no network, and NACRE_DATA_MIRROR names no folder that has it.')
    note('Learning the small world instead, which nacre makes itself.\n')
    const text = { ...datasetText(smallWorldEnglish, []), name: 'the small world' }
    return { text, prompt: 'One sunny morning,', sentence: 'Mia gave the ball to Tom.' }
  }
}

/** A text, and what to try when it is learned. */
interface StartText {
  readonly text: TextSource
  readonly prompt: string
  readonly sentence: string
}
