/** A made-up folder in the layout of GPT's published weights: those of test/goldens/gpt.json, and letters for words. */
import { GPT, gptTensorNames } from '../src/models/2018-gpt.ts'
import { namedParameters } from '../src/nn/parameters.ts'
import { type GoldenParameter, goldenWeights } from './engine/golden-model.ts'
import { readGolden } from './engine/golden-values.ts'

interface Golden {
  readonly size: Record<'vocab_size' | 'n_positions' | 'n_embd' | 'n_layer' | 'n_head', number>
  readonly ids: number[][]
  readonly parameters: Record<string, GoldenParameter>
  readonly logits: number[][][]
}

export const golden: Golden = readGolden<Golden>('gpt.json')
const { vocab_size: vocabulary, n_positions: context, n_embd: channels, n_layer: layers, n_head: heads } = golden.size
export const model: GPT = new GPT({ vocabulary, context, channels, layers, heads })
export const weights: ReadonlyMap<string, Float32Array> = goldenWeights(model, golden.parameters, gptTensorNames)

/** As TensorFlow made the variables of train.py: attention, its normalization, feed-forward, its normalization. */
const ofBlock = ['attn.c_attn', 'attn.c_proj', 'ln_1', 'mlp.c_fc', 'mlp.c_proj', 'ln_2']
const theirs = [
  'transformer.positions_embed.weight',
  'transformer.tokens_embed.weight',
  ...Array.from({ length: layers }, (_, i) =>
    ofBlock.flatMap(part => ['weight', 'bias'].map(end => `transformer.h.${i}.${part}.${end}`)),
  ).flat(),
]
const rename = (name: string) => gptTensorNames.reduce((text, [ours, other]) => text.replace(ours, other), name)
const ours = new Map([...namedParameters(model)].map(([name, { shape }]) => [rename(name), { name, shape }]))
const shapes = theirs.map(name => ours.get(name)!.shape)
/** The contents of params_shapes.json. */
export const stored: readonly (readonly number[])[] = shapes.map((shape, i) =>
  i > 1 && shape.length === 2 ? [1, ...shape] : shape,
)
const numbers = Float32Array.from(theirs.flatMap(name => [...weights.get(ours.get(name)!.name)!]))

/** A file of NumPy's. */
export function npy(values: Float32Array): Uint8Array {
  const header = `{'descr': '<f4', 'fortran_order': False, 'shape': (${values.length},), }`.padEnd(117).concat('\n')
  const begin = [0x93, ...new TextEncoder().encode('NUMPY'), 1, 0, header.length, 0]
  return Uint8Array.of(...begin, ...new TextEncoder().encode(header), ...new Uint8Array(values.slice().buffer))
}

/** Its files: the numbers are cut at some places. */
export function openAIGPTFiles(): Record<string, Uint8Array | string> {
  const letters = Array.from('abcdefghijklmnopqrstuvwxy').flatMap(letter => [letter, `${letter}</w>`])
  const encoder = Object.fromEntries(['<unk>', ...letters, 'to</w>', 'be</w>'].map((token, id) => [token, id]))
  const cuts = [0, 1000, 1001, 5000, numbers.length]
  const files = cuts.slice(1).map((end, i) => [`params_${i}.npy`, npy(numbers.subarray(cuts[i], end))])
  return {
    'params_shapes.json': JSON.stringify(stored),
    'encoder_bpe_40000.json': JSON.stringify(encoder),
    'vocab_40000.bpe': '#version: 0.2\nt o</w>\nb e</w>\n',
    ...Object.fromEntries(files),
  }
}
