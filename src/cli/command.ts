/**
 * The frame of `nacre <command>`. A command is one file that exports `command`, and one line in commands.ts; its options
 * table gives the flags, the help, the checks and the types. Exit codes: 0 done, 1 failed, 2 wrong usage.
 */
import { CommanderError, Command as Parser, Option as ParserOption } from 'commander'
import { NacreError, OptionError } from '../base/errors.ts'
import {
  bounds,
  checkOptions,
  flagOf,
  type GivenOptions,
  type Option,
  type OptionsOf,
  type OptionTable,
  type OptionValue,
  parseOption,
  UnknownNameError,
} from '../base/options.ts'

/** A word after the command's name. */
export interface Argument {
  /** In capitals in the help, for example `RUN`. */
  readonly name: string
  readonly help: string
  readonly optional?: boolean
  /** Takes all the words that are left; only for the last argument. */
  readonly many?: boolean
}

export interface Command<T extends OptionTable = OptionTable> {
  readonly arguments: readonly Argument[]
  readonly options: T
  /** Options that it takes and its help does not list, because another command's does. */
  readonly unlisted?: readonly string[]
  /** Whole command lines for the end of the help. */
  readonly examples?: readonly string[]
  /** Returns when done; throws a NacreError when it cannot. */
  run(context: CommandContext<T>): Promise<void> | void
}

/** A command of commands, as `nacre data list`. */
export interface CommandGroup {
  readonly commands: readonly CommandEntry[]
}

/** A line in a list of commands: enough for `nacre --help`; the rest is loaded when it runs. */
export interface CommandEntry {
  readonly name: string
  /** What it does, in a few words that begin with a small letter. */
  readonly summary: string
  /** @param words - those after its name, where the options depend on them */
  load(words: readonly string[]): Promise<{ readonly command: Command | CommandGroup }>
}

/** What a command gets: checked options, and the only ways to speak. */
export interface CommandContext<T extends OptionTable = OptionTable> {
  readonly arguments: readonly string[]
  /** Every option, defaults filled in. */
  readonly options: OptionsOf<T>
  /** Only what the user gave: lay it over a preset with `checkOptions(table, given, { preset })`. */
  readonly given: GivenOptions<T>
  /** Programs are listening: print nothing but records. */
  readonly json: boolean
  readonly host: Host
  /** Aborted by the first Ctrl-C, a second one ends the process; until it is first read, Ctrl-C ends it at once. */
  readonly signal: AbortSignal
  /** Prints a result: a line of JSON with `--json`, otherwise the text. */
  readonly report: (record: object, text: string) => void
  /** Prints a line for people; silent with `--json`. */
  readonly print: (text: string) => void
  /** Prints text as it comes, without a line break; silent with `--json`. */
  readonly write: (text: string) => void
  /** A remark on the error output, for people; silent with `--json`. */
  readonly note: (text: string) => void
}

/** Where a command runs; tests bring their own. */
export interface Host {
  readonly version: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly stdout: Sink
  readonly stderr: Sink
  /** Calls back at the first Ctrl-C instead of ending the process. */
  onInterrupt(listener: () => void): void
}

/** A terminal, pipe or file that takes text. */
export interface Sink {
  readonly isTerminal: boolean
  /** Characters in a line. */
  readonly columns: number
  write(text: string): void
}

const jsonOption = { type: 'boolean', default: false, help: 'print JSON lines, for programs' } as const

/**
 * Runs a command line and reports its errors.
 * @param words - the arguments after `nacre`
 * @returns the exit code
 */
export async function runCommandLine(
  typed: readonly string[],
  commands: readonly CommandEntry[],
  host: Host,
): Promise<0 | 1 | 2> {
  const words = typed[0] === 'help' ? [...typed.slice(1), '--help'] : typed // as other programs have it
  const program = new Parser('nacre')
    .description('The line of language models, from the neuron of 1943 to ChatGPT')
    .version(host.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .configureOutput({ writeOut: text => host.stdout.write(text), writeErr: () => {} })
    .configureHelp({ helpWidth: Math.min(host.stdout.columns, 120) })
    .exitOverride()
  program.addHelpText('after', '\nRun nacre <command> --help for the options of a command.')
  let active = program
  try {
    active = await register(program, commands, words, host)
    await program.parseAsync(words, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0
    if (error instanceof CommanderError && error.code === 'commander.help') {
      host.stdout.write(active.helpInformation())
      return 0
    }
    const failure = error instanceof CommanderError ? usageError(error, active) : error
    reportFailure(failure, host, words.includes('--json'))
    return failure instanceof OptionError ? 2 : 1
  }
}

/** Adds the commands to their parent, in full only the one that the words name; returns that one, or the parent. */
async function register(
  parent: Parser,
  entries: readonly CommandEntry[],
  words: readonly string[],
  host: Host,
): Promise<Parser> {
  let active = parent
  for (const entry of entries) {
    const parser = parent.command(entry.name).description(entry.summary)
    if (entry.name !== words[0]) continue
    const { command } = await entry.load(words.slice(1))
    if ('commands' in command) {
      active = await register(parser.helpCommand(false), command.commands, words.slice(1), host)
    } else {
      configure(parser, command, host)
      active = parser
    }
  }
  return active
}

function configure(parser: Parser, command: Command, host: Host): void {
  const table: OptionTable = { ...command.options, json: jsonOption }
  for (const { name, help, optional, many } of command.arguments) {
    const word = `${name}${many ? '...' : ''}`
    parser.argument(optional ? `[${word}]` : `<${word}>`, help)
  }
  for (const [name, option] of Object.entries(table)) {
    const isUnlisted = command.unlisted?.includes(name) ?? false
    for (const parsed of parserOptions(name, option)) parser.addOption(isUnlisted ? parsed.hideHelp() : parsed)
  }
  if (command.examples) parser.addHelpText('after', `\nExamples:\n${command.examples.map(e => `  ${e}`).join('\n')}`)
  parser.action(async () => {
    const given: Record<string, OptionValue> = {}
    for (const name of Object.keys(table)) {
      if (parser.getOptionValueSource(name) === 'cli') given[name] = parser.getOptionValue(name)
    }
    const { json, ...options } = checkOptions(table, given, { spelling: flagOf })
    delete given.json
    await command.run(contextOf(parser.args, options, given, json === true, host))
  })
}

/** Its methods may be destructured. */
function contextOf(
  words: readonly string[],
  options: OptionsOf<OptionTable>,
  given: GivenOptions<OptionTable>,
  json: boolean,
  host: Host,
): CommandContext {
  let interrupt: AbortController | undefined
  const write = (text: string) => {
    if (!json) host.stdout.write(text)
  }
  return {
    arguments: words,
    options,
    given,
    json,
    host,
    write,
    get signal() {
      if (interrupt === undefined) {
        interrupt = new AbortController()
        host.onInterrupt(() => interrupt?.abort())
      }
      return interrupt.signal
    },
    report: (record, text) => host.stdout.write(`${json ? JSON.stringify(record) : text}\n`),
    print: text => write(`${text}\n`),
    note: text => {
      if (!json) host.stderr.write(`${text}\n`)
    },
  }
}

function parserOptions(name: string, option: Option): ParserOption[] {
  const flag = flagOf(name)
  if (option.type === 'boolean') {
    // Both spellings are taken; the help shows the one that changes something.
    const no = flag.replace('--', '--no-')
    return [
      new ParserOption(flag, describe(option)).hideHelp(option.default === true),
      new ParserOption(no, `turns off: ${describe(option)}`).hideHelp(option.default !== true),
    ]
  }
  const placeholder = option.placeholder ?? (isNumber(option) ? option.unit : undefined) ?? placeholders[option.type]
  return [
    new ParserOption(`${flag} <${placeholder}>`, describe(option)).argParser((text, previous) => {
      const value = parseOption(option, text, flag)
      return Array.isArray(value) && Array.isArray(previous) ? [...previous, ...value] : value
    }),
  ]
}

const placeholders = {
  integer: 'integer',
  number: 'number',
  string: 'text',
  strings: 'text',
  choice: 'choice',
} as const

function isNumber(option: Option): option is Extract<Option, { type: 'integer' | 'number' }> {
  return option.type === 'integer' || option.type === 'number'
}

/** The help of an option, its bounds and its default. */
function describe(option: Option): string {
  const facts: string[] = []
  if (isNumber(option)) facts.push(bounds(option))
  if (option.type === 'choice') facts.push(option.choices.join(', '))
  if (option.type === 'strings') facts.push('may be given many times')
  const fallback = option.type === 'boolean' ? '' : String(option.default ?? '')
  if (fallback !== '') facts.push(`default: ${fallback}`)
  const shown = facts.filter(Boolean)
  return shown.length === 0 ? option.help : `${option.help} (${shown.join('; ')})`
}

/** Commander's error as ours: what, expected, received, what to try. */
function usageError(error: CommanderError, parser: Parser): OptionError {
  const name = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const line = `${commandLine(parser)} ${parser.usage()}`
  switch (error.code) {
    case 'commander.unknownOption': {
      const flags = parser.options.flatMap(option => option.long ?? [])
      const [flag, value] = name.split('=')
      if (value !== undefined && [...flags, '--help'].includes(flag))
        return new OptionError({ what: `Option ${flag}`, expected: 'no value', received: `"${value}"` })
      return new UnknownNameError('option', name.split('=')[0], [...flags, '--help'])
    }
    case 'commander.unknownCommand':
      return new UnknownNameError(
        'command',
        name,
        parser.commands.map(command => command.name()),
      )
    case 'commander.optionMissingArgument':
      return new OptionError({ what: `Option ${name.split(' ')[0]}`, expected: 'a value', received: 'none' })
    case 'commander.missingArgument':
      return new OptionError({ what: commandLine(parser), expected: name, received: 'none', hint: `Usage: ${line}` })
    default: {
      const expected = parser.registeredArguments.map(argument => argument.name()).join(' ') || 'no arguments'
      const received = parser.args.map(word => `"${word}"`).join(' ')
      return new OptionError({ what: commandLine(parser), expected, received, hint: `Usage: ${line}` })
    }
  }
}

function commandLine(parser: Parser): string {
  return parser.parent ? `${commandLine(parser.parent)} ${parser.name()}` : parser.name()
}

function reportFailure(failure: unknown, host: Host, json: boolean): void {
  const debug = Boolean(host.environment.NACRE_DEBUG)
  if (failure instanceof DOMException && failure.name === 'AbortError') {
    host.stderr.write('Interrupted.\n')
    return
  }
  if (failure instanceof NacreError) {
    const { name, message, what, expected, received, hint } = failure
    if (json) host.stdout.write(`${JSON.stringify({ error: name, message, what, expected, received, hint })}\n`)
    host.stderr.write(`${name}: ${message}\n`)
    if (debug) host.stderr.write(`${failure.stack}\n`)
    return
  }
  const error = failure instanceof Error ? failure : new Error(String(failure))
  if (json) host.stdout.write(`${JSON.stringify({ error: error.name, message: error.message })}\n`)
  host.stderr.write(`${error.stack}\nThis is a defect in nacre, not in what you typed. Please report it.\n`)
}
