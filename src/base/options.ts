/**
 * Options declared once. A table gives the TypeScript type, the command-line flags, the help, the checks, and later the
 * form and the documentation.
 *
 * ```ts
 * export const options = {
 *   batchSize: { type: 'integer', default: 12, minimum: 1, unit: 'sequences', help: 'sequences in one step' },
 *   device: { type: 'choice', choices: ['cpu', 'webgpu'], default: 'cpu', help: 'where the model runs' },
 * } as const
 * type Options = OptionsOf<typeof options> // { readonly batchSize: number; readonly device: 'cpu' | 'webgpu' }
 * ```
 */
import { nearest, OptionError } from './errors.ts'

/** An option without a default is `undefined` until it is given. */
interface OptionBase {
  /** What it is, in a few words that begin with a small letter. */
  readonly help: string
  /** The word that stands for the value in the help, for example `DIR`. */
  readonly placeholder?: string
}

export interface NumberOption extends OptionBase {
  readonly type: 'integer' | 'number'
  readonly default?: number
  readonly minimum?: number
  readonly maximum?: number
  /** The value must be greater than this. */
  readonly above?: number
  /** The value must be less than this. */
  readonly below?: number
  readonly unit?: string
}

export interface StringOption extends OptionBase {
  readonly type: 'string'
  readonly default?: string
}

/** A flag that may be given many times: `--stop A --stop B`. */
export interface StringsOption extends OptionBase {
  readonly type: 'strings'
  readonly default?: readonly string[]
}

/** `--name` and `--no-name`. */
export interface BooleanOption extends OptionBase {
  readonly type: 'boolean'
  readonly default?: boolean
}

export interface ChoiceOption extends OptionBase {
  readonly type: 'choice'
  readonly choices: readonly string[]
  readonly default?: string
}

export type Option = NumberOption | StringOption | StringsOption | BooleanOption | ChoiceOption

/** Options by their camelCase names. */
export type OptionTable = Readonly<Record<string, Option>>

export type OptionValue = number | string | boolean | readonly string[]

type ValueOf<O extends Option> = O extends NumberOption
  ? number
  : O extends BooleanOption
    ? boolean
    : O extends StringsOption
      ? readonly string[]
      : O extends { readonly choices: readonly (infer Choice)[] }
        ? Choice
        : string

/** The values of a table's options; one without a default may be undefined. */
export type OptionsOf<T extends OptionTable> = {
  readonly [Name in keyof T]: ValueOf<T[Name]> | (T[Name] extends { readonly default: unknown } ? never : undefined)
}

/** Some values of a table's options, for example those that a person gave, or a preset. */
export type GivenOptions<T extends OptionTable> = Partial<OptionsOf<T>>

/** How an option is spelt in messages: `batchSize` for programs, `--batch-size` for people. */
export type Spelling = (name: string) => string

/** A name that is not in its list: `Unknown option "--batchsize". Did you mean "--batch-size"?` */
export class UnknownNameError extends OptionError {
  /**
   * @param kind - what is named, for example `option`
   * @param candidates - every name that is known
   */
  constructor(kind: string, name: string, candidates: readonly string[]) {
    const near = nearest(name, candidates) ?? candidates.find(candidate => candidate.startsWith(name))
    const hint = near === undefined ? `Known: ${candidates.join(', ') || 'none'}.` : `Did you mean "${near}"?`
    super({ what: kind, expected: `a known ${kind}`, received: `"${name}"`, hint })
    this.name = 'OptionError'
    this.message = `Unknown ${kind} "${name}". ${hint}`
  }
}

/**
 * The values of every option: the given ones over the preset's over the defaults, checked.
 *
 * @param given - values by camelCase name; undefined counts as not given
 * @param preset - a layer between the defaults and the given values
 * @param spelling - how messages name an option
 * @throws {OptionError} if a name is unknown or a value is not what its option allows
 */
export function checkOptions<T extends OptionTable>(
  table: T,
  given: Readonly<Record<string, unknown>>,
  { preset = {}, spelling = name => name }: { preset?: GivenOptions<T>; spelling?: Spelling } = {},
): OptionsOf<T> {
  const values: Record<string, OptionValue | undefined> = {}
  for (const [name, option] of Object.entries(table)) values[name] = option.default
  for (const layer of [preset, given]) {
    for (const [name, value] of Object.entries(layer)) {
      if (!Object.hasOwn(table, name))
        throw new UnknownNameError('option', spelling(name), Object.keys(table).map(spelling))
      if (value !== undefined) values[name] = checkOption(table[name], value, spelling(name))
    }
  }
  return values as OptionsOf<T>
}

/**
 * A value that its option allows.
 * @param name - how messages name the option
 * @throws {OptionError} if the type is another or a bound is crossed
 */
export function checkOption(option: Option, value: unknown, name: string): OptionValue {
  if (!allows(option, value)) {
    const near = option.type === 'choice' ? nearest(String(value), option.choices) : undefined
    throw new OptionError({
      what: `Option ${name}`,
      expected: expectation(option),
      received: typeof value === 'string' ? `"${value}"` : String(value),
      hint: near === undefined ? undefined : `Did you mean "${near}"?`,
    })
  }
  return value
}

/**
 * The value that a text stands for, as typed on a command line.
 * @throws {OptionError} if the option does not allow it
 */
export function parseOption(option: Option, text: string, name: string): OptionValue {
  return checkOption(option, read(option, text), name)
}

function read(option: Option, text: string): unknown {
  switch (option.type) {
    case 'integer':
    case 'number':
      return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text)
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : text
    case 'strings':
      return [text]
    default:
      return text
  }
}

function allows(option: Option, value: unknown): value is OptionValue {
  switch (option.type) {
    case 'integer':
    case 'number': {
      const { minimum = -Infinity, maximum = Infinity, above = -Infinity, below = Infinity } = option
      if (typeof value !== 'number' || !Number.isFinite(value)) return false
      if (option.type === 'integer' && !Number.isSafeInteger(value)) return false
      return value >= minimum && value <= maximum && value > above && value < below
    }
    case 'boolean':
      return typeof value === 'boolean'
    case 'string':
      return typeof value === 'string'
    case 'strings':
      return Array.isArray(value) && value.every(item => typeof item === 'string')
    case 'choice':
      return typeof value === 'string' && option.choices.includes(value)
  }
}

/** What an option expects, in words: `an integer of at least 1`, `a number of at least 0 and below 1`. */
export function expectation(option: Option): string {
  switch (option.type) {
    case 'integer':
    case 'number': {
      const noun = option.type === 'integer' ? 'an integer' : 'a number'
      return [noun, bounds(option)].filter(Boolean).join(' ')
    }
    case 'boolean':
      return 'true or false'
    case 'string':
      return 'a text'
    case 'strings':
      return 'texts'
    case 'choice':
      return `one of ${option.choices.join(', ')}`
  }
}

/** The bounds of a number in words, empty when there are none: `from 1 to 64`, `above 0`. */
export function bounds({ minimum, maximum, above, below }: NumberOption): string {
  if (minimum !== undefined && maximum !== undefined) return `from ${minimum} to ${maximum}`
  const lower = minimum !== undefined ? `of at least ${minimum}` : above !== undefined ? `above ${above}` : ''
  const upper = maximum !== undefined ? `of at most ${maximum}` : below !== undefined ? `below ${below}` : ''
  return [lower, upper].filter(Boolean).join(' and ')
}

/** `batchSize` as `--batch-size`. */
export function flagOf(name: string): string {
  return `--${name.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}

/** `--batch-size` as `batchSize`. */
export function nameOfFlag(flag: string): string {
  return flag.replace(/^--/, '').replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

/**
 * Refuses options that mean nothing where they were given.
 * @param expected - what they would take
 * @throws {OptionError} if one of them was given
 */
export function refuseGiven(
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
  expected: string,
): void {
  const name = names.find(candidate => given[candidate] !== undefined)
  if (name === undefined) return
  throw new OptionError({ what: `Option ${flagOf(name)}`, expected, received: String(given[name]) })
}
