/**
 * Adapters of low rank (LoRA) as folders of PEFT: adapter_config.json and adapter_model.safetensors, which names the layers
 * of the base as its layout does. Of a layer x W, PEFT keeps Aᵀ [R, I] and Bᵀ [O, R], whichever way round the base has W.
 * Shapes: I inputs, O outputs, R rank.
 *
 * @see https://huggingface.co/docs/peft/developer_guides/checkpoint
 */
import { CheckpointError } from '../base/errors.ts'
import { formatShape, type Shape } from '../base/shape.ts'
import { fingerprint } from '../data/token-shards.ts'
import type { Storage } from '../storage/storage.ts'
import { type Config, ConfigReader, readJSON, requireFiles } from './architecture.ts'
import { openSafetensors, type SafetensorsFile, type TensorEntry } from './safetensors.ts'

export const adapterConfigFile = 'adapter_config.json'
/** What we keep of both together. A config.json beside an adapter keeps transformers from looking for the base. */
export const adaptedConfigFile = 'adapted_config.json'
export const adapterWeightsFile = 'adapter_model.safetensors'

/** In the metadata of the weights: which base an adapter of ours was learned on. PEFT's say nothing of that. */
export const baseField = 'nacre_base'

/** What is added to one matrix of the base. */
export interface AdaptedLayer {
  /** Names of tensors in the adapter's file: [R, I] and [O, R]. */
  readonly down: TensorEntry
  readonly up: TensorEntry
  /** α / R, or α / √R where it is stabilized. */
  readonly scale: number
  /** Whether the base is asked for with its inputs first, [I, O]. */
  readonly inputsFirst: boolean
  /** Whether it is on a table of vectors, not on a matrix that something is multiplied with. */
  readonly isTable: boolean
}

export interface Adapter {
  readonly location: string
  readonly file: SafetensorsFile
  /** By their names in the layout of the base, without `.weight`. */
  readonly layers: ReadonlyMap<string, AdaptedLayer>
  /** Tensors that stand in the place of the base's, or beside them: a classifier's output, a table of more tokens. */
  readonly brought: ReadonlyMap<string, TensorEntry>
  /** Folder or name of the base, where it is told. */
  readonly base?: string
  readonly task?: string
}

/** Whether a folder holds an adapter. */
export const isAdapterFolder = (storage: Storage): Promise<boolean> => storage.exists(adapterConfigFile)

/** What changes the computation and is not computed here, with what it is where it is not used. */
const foreign: readonly (readonly [string, readonly (string | number | boolean | null)[]])[] = [
  ['use_dora', [false, null]],
  ['use_qalora', [false, null]],
  ['use_bdlora', [false, null]],
  ['lora_bias', [false, null]],
  ['layer_replication', [null]],
  ['trainable_token_indices', [null]],
  ['alora_invocation_tokens', [null]],
]

/**
 * Opens the folder of an adapter that PEFT or `saveAdapterFolder` wrote.
 * @throws {CheckpointError} if a file is missing or damaged, or it is an adapter of another kind than LoRA
 */
export async function openAdapter(storage: Storage): Promise<Adapter> {
  await requireFiles(storage, [adapterConfigFile, adapterWeightsFile], 'adapter in safetensors')
  const json = await readJSON(storage, adapterConfigFile)
  const config = new ConfigReader(storage.locate(adapterConfigFile), json)
  config.oneOf('peft_type', ['LORA'])
  for (const [field, values] of foreign) config.onlyIf(field, values)
  const file = await openSafetensors(storage, adapterWeightsFile)
  const halves = new Map<string, Partial<Record<'A' | 'B', TensorEntry>> & { readonly isTable: boolean }>()
  const brought = new Map<string, TensorEntry>()
  for (const entry of file.tensors.values()) {
    const name = entry.name.replace(/^base_model\.model\./, '')
    const [, layer, table, half] = /^(.*)\.lora_(embedding_)?([AB])(?:\.weight)?$/.exec(name) ?? []
    if (layer !== undefined)
      halves.set(layer, { ...halves.get(layer), isTable: table !== undefined, [half as 'A' | 'B']: entry })
    else if (/\.lora_/.test(name)) throw unknownTensor(file, entry.name)
    else brought.set(name.replace('.base_layer.', '.').replace('.modules_to_save.', '.'), entry)
  }
  const layers = new Map<string, AdaptedLayer>()
  for (const [layer, { A: down, B: up, isTable }] of halves) {
    if (down === undefined || up === undefined) throw unknownTensor(file, (down ?? up)!.name)
    const [rank] = down.shape
    if (down.shape.length !== 2 || up.shape.length !== 2 || up.shape[1] !== rank) {
      const received = `${formatShape(down.shape)} and ${formatShape(up.shape)}`
      const expected = 'matrices [R, I] and [O, R]'
      throw new CheckpointError({ what: `Adapter of "${layer}" in ${file.location}`, expected, received })
    }
    const inputsFirst = isTable || json.fan_in_fan_out === true
    layers.set(layer, { down, up, scale: scaleOf(json, config, layer, rank), inputsFirst, isTable })
  }
  const [base, task] = [json.base_model_name_or_path, json.task_type]
  return {
    ...{ location: file.location, file, layers, brought },
    ...(typeof base === 'string' && base !== '' && { base }),
    ...(typeof task === 'string' && { task }),
  }
}

function unknownTensor({ location }: SafetensorsFile, name: string): CheckpointError {
  const expected = 'a pair of lora_A and lora_B for each layer'
  return new CheckpointError({ what: location, expected, received: `"${name}"`, hint: 'Is it an adapter of LoRA?' })
}

/** A pattern names layers by the ends of their names, as a regular expression. */
function scaleOf(json: Config, config: ConfigReader, layer: string, rank: number): number {
  const patterns = Object.entries((json.alpha_pattern ?? {}) as Record<string, unknown>)
  const own = patterns.find(([pattern]) => new RegExp(`^(.*\\.)?(${pattern})$`).test(layer))?.[1]
  const alpha = typeof own === 'number' ? own : config.positive('lora_alpha', 8)
  return alpha / (json.use_rslora === true ? Math.sqrt(rank) : rank)
}

/** W, or W + A B · α / R, in the orientation of the base. */
export async function adaptedMatrix(
  { file }: Adapter,
  { down, up, scale }: AdaptedLayer,
  base: Float32Array,
  inputsFirst: boolean,
): Promise<Float32Array> {
  const [rank, inputs] = down.shape
  const [outputs] = up.shape
  const [a, b] = [await file.readFloat32(down.name), await file.readFloat32(up.name)] // [R, I], [O, R]
  const sum = base.slice()
  for (let r = 0; r < rank; r++) {
    for (let o = 0; o < outputs; o++) {
      const factor = b[o * rank + r] * scale
      if (inputsFirst) for (let i = 0; i < inputs; i++) sum[i * outputs + o] += a[r * inputs + i] * factor
      else for (let i = 0; i < inputs; i++) sum[o * inputs + i] += a[r * inputs + i] * factor
    }
  }
  return sum
}

/**
 * Whether a matrix of the base has its inputs first: its shape tells, and where both ways fit, the adapter.
 * @throws {CheckpointError} if neither fits
 */
export function orientation(layer: string, { down, up, inputsFirst }: AdaptedLayer, shape: Shape): boolean {
  const [inputs, outputs] = [down.shape[1], up.shape[0]]
  const fits = (first: number, second: number) => shape.length === 2 && shape[0] === first && shape[1] === second
  const [isFirst, isLast] = [fits(inputs, outputs), fits(outputs, inputs)]
  if (isFirst || isLast) return isFirst && isLast ? inputsFirst : isFirst
  throw new CheckpointError({
    what: `Layer "${layer}"`,
    expected: `a matrix of ${inputs} inputs and ${outputs} outputs, as the adapter has it`,
    received: `${formatShape(shape)} in the base`,
    hint: otherBase,
  })
}

export const otherBase = 'The adapter was learned on another base: name that one with --base.'

/** Identifies a base by the matrices that an adapter is put on, each in the base's layout. */
export async function baseFingerprint(matrices: ReadonlyMap<string, Float32Array>): Promise<string> {
  const parts: string[] = []
  for (const [name, data] of [...matrices].sort(([a], [b]) => (a < b ? -1 : 1)))
    parts.push(name, await fingerprint(new Uint8Array(data.slice().buffer)))
  return fingerprint(parts.join('\n'))
}
