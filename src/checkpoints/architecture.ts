import { CheckpointError, OptionError } from '../base/errors.ts'
import { elementCount, type Shape } from '../base/shape.ts'
import type { LanguageModel } from '../models/language-model.ts'
import { namedParameters } from '../nn/parameters.ts'
import { readText, type Storage, writeText } from '../storage/storage.ts'
import type { Tokenizer } from '../tokenizers/tokenizer.ts'
import type { StoredTensor } from './safetensors.ts'
import type { LayerLayout } from './stored-parts.ts'

/** The contents of config.json. */
export type Config = Readonly<Record<string, unknown>>

/** A model of the line that is saved in a folder. */
export type StoredModel = LanguageModel & object

/** How one architecture is written in Hugging Face's layout. */
export interface Architecture<M extends StoredModel = StoredModel> {
  /** The field of that name in config.json. */
  readonly modelType: string
  /** Whether it is the one of a model. */
  describes(model: StoredModel): model is M
  config(model: M, tokenizer: Tokenizer): Config
  create(config: ConfigReader): M
  layout(model: M): LayerLayout
  /** The tensors of the layout. */
  store(model: M, weights: Weights): Iterable<StoredTensor>
  /** Our weights, from the tensors of the layout. */
  load(model: M, read: TensorReader): Promise<Map<string, Float32Array>>
}

/** By our dotted names. */
export type Weights = ReadonlyMap<string, Float32Array>

/**
 * Reads a tensor by its name in the layout.
 * @throws {CheckpointError} if it is missing or has another shape
 */
export type TensorReader = (name: string, shape: Shape) => Promise<Float32Array>

/**
 * A layout whose tensors are ours under other names.
 *
 * @param names - our part of a dotted name, and theirs
 * @param zeros - tensors that the layout has and a model has not, by their names there: they are written as zeros
 */
export function renaming<M extends StoredModel>(
  names: readonly (readonly [string, string])[],
  zeros: (model: M, stored: ReadonlyMap<string, Shape>) => ReadonlyMap<string, Shape>,
): Pick<Architecture<M>, 'layout' | 'store' | 'load'> {
  const rename = (name: string) => names.reduce((text, [ours, theirs]) => text.replace(ours, theirs), name)
  return {
    layout: () => ({ names: own => [rename(own)], inputsFirst: true }),
    *store(model, weights) {
      const shapes = new Map<string, Shape>()
      for (const [own, { shape }] of namedParameters(model)) {
        shapes.set(rename(own), shape)
        yield { name: rename(own), dtype: 'F32', shape, data: weights.get(own)! }
      }
      for (const [name, shape] of zeros(model, shapes))
        yield { name, dtype: 'F32', shape, data: new Float32Array(elementCount(shape)) }
    },
    async load(model, read) {
      const weights = new Map<string, Float32Array>()
      for (const [own, { shape }] of namedParameters(model)) weights.set(own, await read(rename(own), shape))
      return weights
    },
  }
}

/** Fields of config.json, checked. */
export class ConfigReader {
  readonly location: string
  readonly #config: Config

  constructor(location: string, config: Config) {
    this.location = location
    this.#config = config
  }

  integer(field: string): number {
    return this.#field(field, 'a whole number above 0', value => Number.isInteger(value) && Number(value) > 0) as number
  }
  /** A number above 0; where it is left out, what it is then. */
  positive(field: string, otherwise?: number): number {
    const allows = (value: unknown) => Number.isFinite(value) && Number(value) > 0
    if (otherwise !== undefined && this.optional(field) === undefined) return otherwise
    return this.#field(field, 'a number above 0', allows) as number
  }
  /** A field as it is; undefined where it is left out or null. */
  optional(field: string): unknown {
    return this.#config[field] ?? undefined
  }
  /** The fields of an object in a field; undefined where it is left out or null. */
  object(field: string): ConfigReader | undefined {
    if (this.optional(field) === undefined) return undefined
    const allows = (value: unknown) => typeof value === 'object' && !Array.isArray(value)
    return new ConfigReader(`${this.location}, in "${field}"`, this.#field(field, 'an object', allows) as Config)
  }
  string(field: string): string {
    return this.#field(field, 'a text', value => typeof value === 'string') as string
  }
  boolean(field: string): boolean {
    return this.#field(field, 'true or false', value => typeof value === 'boolean') as boolean
  }
  /** Whole numbers above 0, or none. */
  integers(field: string): readonly number[] {
    const allows = (value: unknown) => Array.isArray(value) && value.every(item => Number.isInteger(item) && item > 0)
    return this.#field(field, 'a list of whole numbers above 0', allows) as number[]
  }
  /** Names of the classes, by their numbers, as transformers has them: `{ "0": "negative", "1": "positive" }`. */
  labels(field = 'id2label'): readonly string[] {
    const allows = (value: unknown) =>
      typeof value === 'object' && value !== null && Object.keys(value).every((key, i) => key === String(i))
    return Object.values(this.#field(field, 'names by number, from "0" on', allows) as object).map(String)
  }
  oneOf<T extends string>(field: string, values: readonly T[]): T {
    return this.#field(field, values.map(value => `"${value}"`).join(' or '), v =>
      values.some(known => known === v),
    ) as T
  }
  /** Whether the model has biases: transformers' always has; ours says so where it has none. */
  bias(): boolean {
    return (this.#config.nacre as { bias?: boolean } | undefined)?.bias !== false
  }

  /** A field that changes the computation: left out, or one of the values that ours has. */
  onlyIf(field: string, values: readonly (string | number | boolean | null)[]): void {
    if (this.#config[field] === undefined) return
    const expected = values.map(value => JSON.stringify(value)).join(' or ')
    this.#field(field, expected, value => values.some(known => known === value))
  }

  #field(field: string, expected: string, allows: (value: unknown) => boolean): unknown {
    const value = this.#config[field]
    if (allows(value)) return value
    const received = value === undefined ? 'none' : JSON.stringify(value)
    throw new CheckpointError({ what: `${this.location}, field "${field}",`, expected, received })
  }
}

/**
 * A model of what a file says.
 * @param location - the file
 * @throws {CheckpointError} if its sizes do not fit each other
 */
export function createModel<M>(location: string, create: () => M): M {
  try {
    return create()
  } catch (cause) {
    if (!(cause instanceof OptionError)) throw cause
    const { what, expected, received } = cause
    throw new CheckpointError({ what: `${location}, ${what},`, expected, received }, { cause })
  }
}

/**
 * Makes sure that a folder has its files.
 * @param what - the folder is one of, for the hint
 * @throws {CheckpointError} if one is missing
 */
export async function requireFiles(storage: Storage, names: readonly string[], what: string): Promise<void> {
  for (const name of names) {
    if (await storage.exists(name)) continue
    const hint = `Is it the folder of a trained ${what}?`
    throw new CheckpointError({ what: storage.locate(name), expected: 'a file that exists', received: 'none', hint })
  }
}

/**
 * Writes or replaces the JSON files of a model's folder, whose weights come last: where anything changes, those that are
 * there go first. So a folder that has model.safetensors is whole, whenever the process is killed.
 */
export async function replaceFiles(storage: Storage, files: Readonly<Record<string, object>>): Promise<void> {
  const changed: [name: string, text: string][] = []
  for (const [name, value] of Object.entries(files)) {
    const text = `${JSON.stringify(value, null, 2)}\n`
    if (!(await storage.exists(name)) || (await readText(storage, name)) !== text) changed.push([name, text])
  }
  if (changed.length > 0) await storage.remove('model.safetensors')
  for (const [name, text] of changed) await writeText(storage, name, text)
}

/**
 * A JSON object in a folder.
 * @throws {CheckpointError} if the file is none
 */
export async function readJSON(storage: Storage, name: string): Promise<Config> {
  const text = await readText(storage, name)
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Config
  } catch {
    // falls through to the error
  }
  throw new CheckpointError({
    what: storage.locate(name),
    expected: 'a JSON object',
    received: text.slice(0, 40) || 'nothing',
  })
}
