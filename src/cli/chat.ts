import { createInterface, type Interface } from 'node:readline/promises'
import { generate, length } from '../generation/generate.ts'
import { samplingPolicies } from '../generation/sampling.ts'
import type { Command, CommandContext } from './command.ts'
import {
  deviceOptions,
  type GenerationTable,
  generationOptions,
  type OpenModel,
  openModel,
  predictorOf,
  samplingOf,
} from './open-model.ts'

type Context = CommandContext<GenerationTable>

const help = `Type a text and press Enter: the model continues it. An empty line lets it go on.
  /reset      forget what was said
  /seed N     draw other random numbers
  /help       this help
  /quit       leave (or Ctrl-D); Ctrl-C stops an answer`

export const command: Command<GenerationTable> = {
  arguments: [{ name: 'RUN', help: 'folder of a trained model' }],
  options: { ...generationOptions, ...deviceOptions },
  examples: ['nacre chat runs/my', 'echo "ROMEO:" | nacre chat runs/my'],
  async run(context) {
    const model = await openModel(context.arguments[0], context.options, { generating: true })
    await converse(model, context)
  },
}

/** Reads lines and continues the text that they make up. */
export async function converse(
  model: OpenModel,
  { host, options, write }: Pick<Context, 'host' | 'write'> & { readonly options: Context['options'] },
): Promise<void> {
  const predictor = predictorOf(model)
  const { tokenizer } = model
  const terminal = process.stdin.isTTY === true && host.stdout.isTerminal
  const lines: Interface = createInterface({
    input: process.stdin,
    output: terminal ? process.stdout : undefined,
    terminal,
  })
  let answer: AbortController | undefined
  lines.on('SIGINT', () => {
    if (answer === undefined || answer.signal.aborted) lines.close()
    else answer.abort()
  })
  if (terminal) write(`${help}\n`)
  let history: number[] = []
  let { seed } = options
  for await (const line of prompts(lines, terminal)) {
    if (line === '/quit') break
    if (line === '/help') write(`${help}\n`)
    else if (line === '/reset') history = []
    else if (/^\/seed \d+$/.test(line)) seed = Number(line.slice(6))
    else if (line !== '' || history.length > 0) {
      let typed: Int32Array
      try {
        typed = tokenizer.encode(line)
      } catch (error) {
        write(`${error instanceof Error ? error.message : error}\n`)
        continue
      }
      history.push(...typed)
      answer = new AbortController()
      if (terminal && line !== '') write(`\x1b[2m${line}\x1b[0m`)
      for await (const piece of generate(predictor, tokenizer, history, {
        sample: samplingPolicies(samplingOf(options)),
        stopWhen: [length(options.tokens)],
        stopStrings: options.stop,
        stopTokens: tokenizer.endOfText === undefined ? [] : [tokenizer.endOfText],
        seed: seed++,
        signal: answer.signal,
      })) {
        write(piece.text)
        history.push(piece.token)
        await new Promise(resolve => setImmediate(resolve)) // lets Ctrl-C through
      }
      answer = undefined
      write('\n')
    }
  }
  lines.close()
}

async function* prompts(lines: Interface, terminal: boolean): AsyncGenerator<string> {
  if (terminal) lines.setPrompt('› ')
  if (terminal) lines.prompt()
  for await (const line of lines) {
    yield line
    if (terminal) lines.prompt()
  }
}
