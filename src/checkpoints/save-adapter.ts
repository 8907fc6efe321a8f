import { LowRankEmbedding, type LowRankLayer } from '../nn/low-rank.ts'
import { type Storage, writeText } from '../storage/storage.ts'
import { subfolder } from '../storage/subfolder.ts'
import { adaptedConfigFile, adapterConfigFile, adapterWeightsFile, baseField, baseFingerprint } from './adapter.ts'
import { openSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts'
import type { LayerLayout } from './stored-parts.ts'

/** The folder of the adapter in that of a run. */
export const adapterFolder = 'adapter'

export interface LearnedAdapter {
  /** By our names, and so are all below. */
  readonly layers: ReadonlyMap<string, LowRankLayer>
  /** Of the base and of the adapters, `LAYER.down` and `LAYER.up`. */
  readonly weights: ReadonlyMap<string, Float32Array>
  readonly layout: LayerLayout
  /** Parameters that learned as a whole: the adapter brings them. */
  readonly trained: readonly string[]
  /** Parameters that were made larger for more tokens: the adapter brings them as well. */
  readonly grown: readonly string[]
  /** Folder of the base. */
  readonly base?: string
  /** PEFT's word for what it is for. */
  readonly task: 'CAUSAL_LM' | 'SEQ_CLS'
}

/** Files of the model that an adapter is used with, and how they are called beside it. */
const besides: readonly (readonly [name: string, there: string])[] = [
  ['config.json', adaptedConfigFile],
  ...['tokenizer.json', 'tokenizer_config.json', 'generation_config.json'].map(name => [name, name] as const),
]

/**
 * Writes an adapter in PEFT's format into a folder of its own, beside the whole model, whose files it takes what else it
 * needs from.
 *
 * @param storage - holds the model with the adapter merged, as it was just saved
 */
export async function saveAdapter(storage: Storage, adapter: LearnedAdapter): Promise<void> {
  const { layers, weights, layout } = adapter
  const folder = subfolder(storage, adapterFolder)
  await folder.remove(adapterWeightsFile)
  for (const [name, there] of besides)
    if (await storage.exists(name)) await folder.write(there, [await storage.read(name)])
  const brought = [adapter.trained, adapter.grown].map(names => names.flatMap(name => tensorNames(name, layout)))
  const merged = await openSafetensors(storage, 'model.safetensors')
  const targets = targetsOf(
    [...layers.keys()].flatMap(own => layout.names(own)),
    [...merged.tensors.keys()],
  )
  await writeText(folder, adapterConfigFile, `${JSON.stringify(configOf(adapter, targets, brought[0]), null, 2)}\n`)
  const adaptedTables = new Map(
    [...layers].flatMap(([own, layer]) =>
      layer instanceof LowRankEmbedding ? layout.names(own).map(name => [`${name}.weight`, own]) : [],
    ),
  )
  const broughtNames = new Set(brought.flat())
  const whole = [...broughtNames].map((name): StoredTensor => {
    const { dtype, shape } = merged.tensors.get(name)!
    const own = adaptedTables.get(name)
    if (own === undefined) return { name: `${peftPrefix}${name}`, dtype, shape, data: () => merged.read(name) }
    const data = weights.get(`${own}.weight`)! // what the adapter is put on
    return { name: `${peftPrefix}${name.replace(/\.weight$/, '.base_layer.weight')}`, dtype: 'F32', shape, data }
  })
  const narrow: StoredTensor[] = []
  const matrices = new Map<string, Float32Array>()
  // Weights that are multiplied there and back may end in another bit than those of the base.
  let isExact = true
  for (const [own, layer] of layers) {
    const [inputs, rank] = layer.down.shape
    const [, outputs] = layer.up.shape
    const names = layout.names(own)
    const width = outputs / names.length
    const [down, up, base] = ['down', 'up', 'weight'].map(part => weights.get(`${own}.${part}`)!)
    const isTable = layer instanceof LowRankEmbedding
    for (const [i, name] of names.entries()) {
      const at = { stride: outputs, begin: i * width }
      const factor = layout.factor?.(name) ?? 1
      isExact &&= Number.isInteger(Math.log2(factor))
      narrow.push(
        {
          ...half(name, 'A', [rank, inputs], isTable),
          data: turned(down, { rows: inputs, columns: rank, stride: rank, begin: 0 }),
        },
        {
          ...half(name, 'B', [width, rank], isTable),
          data: scaled(turned(up, { rows: rank, columns: width, ...at }), factor),
        },
      )
      if (broughtNames.has(`${name}.weight`)) continue // not of the base
      const part = { rows: inputs, columns: width, ...at }
      matrices.set(name, scaled(layout.inputsFirst || isTable ? cut(base, part) : turned(base, part), factor))
    }
  }
  const metadata = { format: 'pt', ...(isExact && { [baseField]: await baseFingerprint(matrices) }) }
  await writeSafetensors(folder, adapterWeightsFile, [...narrow, ...whole], metadata)
}

/** Removes the adapter of a folder, if there is one. */
export async function removeAdapter(storage: Storage): Promise<void> {
  const folder = subfolder(storage, adapterFolder)
  const names = [adapterConfigFile, adapterWeightsFile, ...besides.map(([, there]) => there)]
  for (const name of names) await folder.remove(name)
}

const peftPrefix = 'base_model.model.'

const half = (layer: string, which: 'A' | 'B', shape: readonly [number, number], isTable: boolean) => {
  const field = isTable ? `lora_embedding_${which}` : `lora_${which}.weight`
  return { name: `${peftPrefix}${layer}.${field}`, dtype: 'F32', shape } as const
}

/** The names in a layout of one of our parameters. */
function tensorNames(own: string, layout: LayerLayout): string[] {
  const [, layer, field] = /^(.*)\.(\w+)$/.exec(own)!
  return layout.names(layer).map(name => `${name}.${field}`)
}

/** Some columns of a matrix. */
interface Cut {
  readonly rows: number
  readonly columns: number
  /** Columns of the whole matrix. */
  readonly stride: number
  /** The first column. */
  readonly begin: number
}

const scaled = (data: Float32Array, factor: number): Float32Array =>
  factor === 1 ? data : data.map(value => value * factor)

function cut(data: Float32Array, { rows, columns, stride, begin }: Cut): Float32Array {
  return Float32Array.from({ length: rows * columns }, (_, i) => {
    return data[Math.floor(i / columns) * stride + begin + (i % columns)]
  })
}

/** The same, [columns, rows]. */
function turned(data: Float32Array, { rows, columns, stride, begin }: Cut): Float32Array {
  return Float32Array.from(
    { length: rows * columns },
    (_, i) => data[(i % rows) * stride + begin + Math.floor(i / rows)],
  )
}

/** What PEFT needs to know, and what it is where it is not used. */
function configOf(
  { layers, layout, base, task }: LearnedAdapter,
  targets: readonly string[],
  trained: readonly string[],
): object {
  const [{ down, scale }] = layers.values()
  const modules = [...new Set(trained.map(name => name.replace(/\.\w+$/, '')))]
  return {
    peft_type: 'LORA',
    task_type: task,
    base_model_name_or_path: base ?? null,
    r: down.shape[1],
    lora_alpha: scale * down.shape[1],
    lora_dropout: 0,
    target_modules: targets,
    modules_to_save: modules.length > 0 ? modules : null,
    fan_in_fan_out: layout.inputsFirst,
    bias: 'none',
    use_rslora: false,
    use_dora: false,
    alpha_pattern: {},
    rank_pattern: {},
    init_lora_weights: true,
    inference_mode: true,
  }
}

/** The shortest ends of the layers' names that are the ends of no other module's. */
function targetsOf(layers: readonly string[], tensors: readonly string[]): string[] {
  const modules = new Set(tensors.map(name => name.replace(/\.\w+$/, '')))
  const longest = Math.max(...layers.map(name => name.split('.').length))
  for (let parts = 1; parts < longest; parts++) {
    const ends = new Set(layers.map(name => name.split('.').slice(-parts).join('.')))
    const found = [...modules].filter(name => [...ends].some(end => name === end || name.endsWith(`.${end}`)))
    if (found.length === layers.length) return [...ends]
  }
  return [...layers]
}
