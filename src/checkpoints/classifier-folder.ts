/**
 * A trained classifier as a folder: config.json, which names its architecture (`model_type`) and its classes
 * (`id2label`), and model.safetensors.
 */
import { CheckpointError } from '../base/errors.ts'
import { MultiLayerPerceptron } from '../models/1980-multi-layer-perceptron.ts'
import { namedParameters } from '../nn/parameters.ts'
import type { Storage } from '../storage/storage.ts'
import { type Config, ConfigReader, readJSON, replaceFiles, requireFiles } from './architecture.ts'
import { openSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts'

export interface SavedClassifier<M extends object = object> {
  readonly model: M
  /** By our dotted names. */
  readonly weights: ReadonlyMap<string, Float32Array>
  /** Names of the classes, by their numbers. */
  readonly labels: readonly string[]
}

/** How one architecture of a classifier is written in config.json. */
export interface ClassifierArchitecture<M extends object> {
  /** The field of that name in config.json. */
  readonly modelType: string
  config(model: M): Config
  create(config: ConfigReader): M
}

export const multiLayerPerceptronArchitecture: ClassifierArchitecture<MultiLayerPerceptron> = {
  modelType: 'mlp',
  config: ({ configuration: { inputs, hidden, outputs, activation } }) => ({
    architectures: ['MultiLayerPerceptron'],
    model_type: 'mlp',
    inputs,
    hidden,
    outputs,
    activation,
    dtype: 'float32',
  }),
  create: config =>
    new MultiLayerPerceptron({
      inputs: config.integer('inputs'),
      hidden: config.integers('hidden'),
      outputs: config.integer('outputs'),
      activation: config.oneOf('activation', ['sigmoid', 'tanh', 'relu']),
    }),
}

/** Writes or replaces the folder's files. The weights come last: a folder that has model.safetensors is whole. */
export async function saveClassifierFolder<M extends object>(
  storage: Storage,
  architecture: ClassifierArchitecture<M>,
  { model, weights, labels }: SavedClassifier<M>,
): Promise<void> {
  const id2label = Object.fromEntries(labels.map((label, i) => [String(i), label]))
  await replaceFiles(storage, { 'config.json': { ...architecture.config(model), id2label } })
  const tensors = [...namedParameters(model)].map(([name, { shape }]): StoredTensor => {
    return { name, dtype: 'F32', shape, data: weights.get(name)! }
  })
  await writeSafetensors(storage, 'model.safetensors', tensors, { format: 'pt' })
}

/**
 * Reads what `saveClassifierFolder` wrote.
 * @throws {CheckpointError} if a file is missing or damaged, or config.json asks for something else
 */
export async function loadClassifierFolder<M extends object>(
  storage: Storage,
  architecture: ClassifierArchitecture<M>,
): Promise<SavedClassifier<M>> {
  const config = await openConfig(storage)
  const received = config.string('model_type')
  if (received !== architecture.modelType) {
    const expected = `model_type "${architecture.modelType}"`
    throw new CheckpointError({ what: config.location, expected, received: `"${received}"` })
  }
  const model = architecture.create(config)
  const labels = config.labels()
  const file = await openSafetensors(storage, 'model.safetensors')
  const weights = new Map<string, Float32Array>()
  for (const [name, { shape }] of namedParameters(model)) weights.set(name, await file.readFloat32(name, shape))
  return { model, weights, labels }
}

/**
 * The `model_type` of a trained model's folder, which tells who can read it.
 * @throws {CheckpointError} if it is no such folder
 */
export async function modelTypeOf(storage: Storage): Promise<string> {
  return (await openConfig(storage)).string('model_type')
}

async function openConfig(storage: Storage): Promise<ConfigReader> {
  await requireFiles(storage, ['config.json'], 'model')
  return new ConfigReader(storage.locate('config.json'), await readJSON(storage, 'config.json'))
}
