import { CheckpointError } from '../base/errors.ts'
import type { Storage } from '../storage/storage.ts'
import {
  type Adapter,
  adaptedConfigFile,
  adaptedMatrix,
  baseField,
  baseFingerprint,
  openAdapter,
  orientation,
  otherBase,
} from './adapter.ts'
import { type Config, readJSON, requireFiles } from './architecture.ts'
import { joinedStorage } from './joined-storage.ts'
import { bytesFile, type MadeFile, overlay, storedFile, tensorsFile } from './overlay.ts'
import { openSafetensors, type SafetensorsFile, type StoredTensor } from './safetensors.ts'

/** Files of a model's folder that an adapter's folder may have as well: its own are taken. */
const ownFiles = ['tokenizer.json', 'tokenizer_config.json', 'generation_config.json', 'chat_template.jinja']
const weightsFile = 'model.safetensors'

/**
 * A base with an adapter on it, as the folder of the model that both make together: whatever reads folders reads it. Its
 * tensors are computed when they are read.
 *
 * @param adapter - a folder of PEFT or of ours
 * @param base - the folder of a model
 * @throws {CheckpointError} if a file is missing or damaged, or the adapter is one of another base
 */
export async function adaptedStorage(adapter: Storage, base: Storage): Promise<Storage> {
  const opened = await openAdapter(adapter)
  const whole = await joinedStorage(base)
  await requireFiles(whole, ['config.json', weightsFile], 'model, the base of an adapter')
  const config = `${JSON.stringify(await adaptedConfig(opened, adapter, whole), null, 2)}\n`
  const files = new Map<string, MadeFile>([
    [weightsFile, await adaptedWeights(opened, await openSafetensors(whole, weightsFile))],
    ['config.json', bytesFile(whole.locate('config.json'), new TextEncoder().encode(config))],
  ])
  for (const name of ownFiles) if (await adapter.exists(name)) files.set(name, await storedFile(adapter, name))
  return overlay(whole, files, 'it is a base with an adapter on it')
}

/** The tensors of the base, those that the adapter changes computed, those that it brings in their place. */
async function adaptedWeights(adapter: Adapter, base: SafetensorsFile): Promise<MadeFile> {
  const tensors = new Map<string, StoredTensor>()
  for (const { name, dtype, shape } of base.tensors.values())
    tensors.set(name, { name, dtype, shape, data: () => base.read(name) })
  const brought = new Map<string, string>()
  for (const [layer, { name: stored, shape }] of adapter.brought) {
    const name = nameIn(base, layer) ?? layer
    const before = base.tensors.get(name)
    if (before && before.shape.slice(1).join() !== shape.slice(1).join()) throw lacking(adapter, base, layer)
    tensors.set(name, { name, dtype: 'F32', shape, data: () => adapter.file.readFloat32(stored) })
    brought.set(name, stored)
  }
  const matrices = new Map<string, Float32Array>()
  const known = adapter.file.metadata[baseField]
  for (const [layer, adapted] of adapter.layers) {
    const name = nameIn(base, `${layer}.weight`)
    if (name === undefined) throw lacking(adapter, base, layer)
    if (adapted.isTable && adapter.task === 'CAUSAL_LM') requireOwnHead(adapter, base)
    const { shape } = tensors.get(name)!
    const inputsFirst = orientation(layer, adapted, shape)
    const own = brought.get(name) // a table with more rows than the base's
    const matrix = () => (own === undefined ? base.readFloat32(name) : adapter.file.readFloat32(own))
    if (known !== undefined && own === undefined) matrices.set(layer, await matrix())
    const data = async () => adaptedMatrix(adapter, adapted, await matrix(), inputsFirst)
    tensors.set(name, { name, dtype: 'F32', shape, data })
  }
  if (known !== undefined && known !== (await baseFingerprint(matrices))) {
    const expected = 'the base that it was learned on'
    const received = `${base.location}, whose weights are others`
    throw new CheckpointError({ what: adapter.location, expected, received, hint: otherBase })
  }
  return tensorsFile(adapter.location, [...tensors.values()])
}

/**
 * A head that shares the table would change with it here, and does not in PEFT.
 * @throws {CheckpointError} if the base has no head of its own
 */
function requireOwnHead({ location }: Adapter, base: SafetensorsFile): void {
  if ([...base.tensors.keys()].some(name => /(?:^|\.)lm_head\.weight$/.test(name))) return
  const expected = 'no adapter on an embedding that the head of the base shares'
  const hint = 'Save the base with a head of its own (tie_word_embeddings false) first.'
  throw new CheckpointError({ what: location, expected, received: 'one', hint })
}

function lacking({ location }: Adapter, base: SafetensorsFile, layer: string): CheckpointError {
  const expected = `a base with the layer "${layer}", of the same size`
  return new CheckpointError({ what: location, expected, received: base.location, hint: otherBase })
}

/** Files of base models leave out the first part of a name, and an adapter on such a model does. */
function nameIn({ tensors }: SafetensorsFile, name: string): string | undefined {
  if (tensors.has(name)) return name
  const short = name.replace(/^[^.]+\./, '')
  if (tensors.has(short)) return short
  return ['transformer', 'model', 'bert'].map(first => `${first}.${name}`).find(long => tensors.has(long))
}

/**
 * The configuration of both together: the adapter's own, where it has one, as ours do. Otherwise the base's, with the rows
 * of a table of tokens that the adapter brings, and of a classifier its name and classes.
 */
async function adaptedConfig({ brought, task }: Adapter, adapter: Storage, base: Storage): Promise<Config> {
  if (await adapter.exists(adaptedConfigFile)) return readJSON(adapter, adaptedConfigFile)
  const config = await readJSON(base, 'config.json')
  const rows = (names: RegExp) => [...brought].find(([name]) => names.test(name))?.[1].shape[0]
  const vocabulary = rows(/(?:^|\.)(?:wte|tokens_embed|embed_tokens|word_embeddings|tokenEmbedding|embedding)\.weight$/)
  const sized = vocabulary === undefined ? config : { ...config, vocab_size: vocabulary }
  const classes = task === 'SEQ_CLS' ? rows(/^(?:score|classifier)\.weight$/) : undefined
  if (classes === undefined) return sized
  const [name] = Array.isArray(config.architectures) ? config.architectures : ['']
  const labels = Object.values((config.id2label ?? {}) as object)
  const names = labels.length === classes ? labels : Array.from({ length: classes }, (_, i) => `LABEL_${i}`)
  return {
    ...sized,
    architectures: [
      String(name).replace(/(?:LMHeadModel|ForCausalLM|ForPreTraining|ForMaskedLM|Model|)$/, classifying),
    ],
    id2label: Object.fromEntries(names.map((label, i) => [String(i), label])),
  }
}

const classifying = 'ForSequenceClassification'
