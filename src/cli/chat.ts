import { createInterface, type Interface } from 'node:readline/promises'
import { NacreError } from '../base/errors.ts'
import type { Message } from '../chat/conversation.ts'
import { ChatTemplate } from '../chat/template.ts'
import { generate } from '../generation/generate.ts'
import { promptIds } from '../tokenizers/tokenizer.ts'
import type { Command, CommandContext } from './command.ts'
import {
  type GenerationTable,
  generateOptions,
  generationOptions,
  generationOptionsOf,
  modelOptions,
  type OpenModel,
  openModel,
  predictorOf,
} from './open-model.ts'

type Context = CommandContext<GenerationTable>

const help = (converses: boolean) => `${
  converses
    ? 'Type a question and press Enter: the model answers.'
    : 'Type a text and press Enter: the model continues it. An empty line lets it go on.'
}
  /reset      forget what was said
  /seed N     draw other random numbers
  /help       this help
  /quit       leave (or Ctrl-D); Ctrl-C stops an answer, a second one leaves`

export const command: Command<GenerationTable> = {
  arguments: [{ name: 'RUN', help: 'folder of a trained model' }],
  options: { ...generationOptions, ...modelOptions },
  examples: ['nacre chat runs/my', 'echo "ROMEO:" | nacre chat runs/my'],
  async run({ arguments: [folder], options, given, host, write, json, report }) {
    const model = await openModel(folder, options, { generating: true })
    await converse(model, { host, write, json, report, options: generationOptionsOf(model, given) })
  },
}

/** One continuation, with `--json`. */
interface Answer {
  readonly type: 'answer'
  readonly prompt: string
  readonly text: string
  readonly ids: readonly number[]
}

/** Reads lines and continues the text that they make up. */
export async function converse(
  model: OpenModel,
  context: Pick<Context, 'host' | 'write' | 'options'> & Partial<Pick<Context, 'json' | 'report'>>,
): Promise<void> {
  const { host, options, write, json = false, report } = context
  const { tokenizer } = model
  const predictor = predictorOf(model)
  const terminal = process.stdin.isTTY === true && host.stdout.isTerminal && !json
  const lines = createInterface({ input: process.stdin, output: terminal ? process.stdout : undefined, terminal })
  let answering: AbortController | undefined
  lines.on('SIGINT', () => {
    if (answering === undefined || answering.signal.aborted) lines.close()
    else answering.abort()
  })
  const complain = (text: string) => host.stderr.write(`${text}\n`)

  const template = templateOf(model)
  let history: number[] = []
  let messages: Message[] = []
  let { seed } = options

  /** The ids of a text; one that the vocabulary cannot write is refused, and the conversation goes on. */
  function encode(text: string): (ArrayLike<number> & Iterable<number>) | undefined {
    try {
      return history.length === 0 ? promptIds(tokenizer, text) : tokenizer.encode(text)
    } catch (error) {
      if (!(error instanceof NacreError)) throw error
      complain(error.message)
      return undefined
    }
  }

  /** Takes in what was typed: a turn of the conversation, or the next words of one text. */
  function takeIn(prompt: string): boolean {
    if (template !== undefined) {
      if (prompt.trim() === '') return false
      messages.push({ role: 'user', content: prompt })
      const text = template.render({ messages }, { addGenerationPrompt: true })
      history = [...tokenizer.encode(text, { special: true })]
      return true
    }
    const typed = encode(prompt)
    if (typed === undefined) return false
    if (typed.length + history.length > 0) history = [...history, ...typed]
    else complain('Nothing to continue yet: type a text.')
    return history.length > 0
  }

  async function answer(prompt: string): Promise<void> {
    if (!takeIn(prompt)) return
    answering = new AbortController()
    if (terminal && template === undefined) write(`\x1b[2m${prompt}\x1b[0m`)
    let text = ''
    const ids: number[] = []
    const asked = { ...generateOptions(model, options), seed: seed++, signal: answering.signal }
    for await (const piece of generate(predictor, tokenizer, history, asked)) {
      write(piece.text)
      text += piece.text
      ids.push(piece.token)
    }
    answering = undefined
    history = [...history, ...ids]
    if (template !== undefined) messages.push({ role: 'assistant', content: text.trim() })
    write('\n')
    const record: Answer = { type: 'answer', prompt, text, ids }
    if (json) report?.(record, '')
  }

  if (terminal) write(`${help(template !== undefined)}\n`)
  try {
    for await (const line of prompts(lines, terminal)) {
      if (line === '/quit') return
      if (line === '/help') write(`${help(template !== undefined)}\n`)
      else if (line === '/reset') [history, messages] = [[], []]
      else if (/^\/seed \d+$/.test(line)) seed = Number(line.slice('/seed '.length))
      else if (/^\/[a-z]+( \S*)?$/.test(line)) complain(`Unknown command "${line}".\n${help(template !== undefined)}`)
      else await answer(line)
    }
    if (terminal) write('\n') // Ctrl-C or Ctrl-D left the cursor behind the prompt
  } finally {
    lines.close()
    await predictor.release()
  }
}

/** What a model that learned conversations writes them with. */
function templateOf({ settings }: OpenModel): ChatTemplate | undefined {
  const { chatTemplate, specialNames } = settings ?? {}
  return chatTemplate === undefined ? undefined : new ChatTemplate(chatTemplate, { specialTokens: specialNames })
}

/** The lines that are typed, with a prompt before each. */
export async function* prompts(lines: Interface, terminal: boolean): AsyncGenerator<string> {
  let isOpen = true // Ctrl-D may come while the model still writes
  lines.once('close', () => {
    isOpen = false
  })
  if (terminal) lines.setPrompt('› ')
  if (terminal) lines.prompt()
  for await (const line of lines) {
    yield line
    if (terminal && isOpen) lines.prompt()
  }
}
