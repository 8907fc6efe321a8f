import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { modelTypeOf } from '../checkpoints/classifier-folder.ts'
import { measureText } from '../data/text.ts'
import { textPerplexity } from '../evaluation/text-perplexity.ts'
import { nodeRuntime } from '../runtime/node.ts'
import { nodeStorage } from '../storage/node.ts'
import { bar } from '../training/progress.ts'
import type { Command } from './command.ts'
import { evaluateDigits } from './evaluate-digits.ts'
import { evaluateVectors } from './evaluate-vectors.ts'
import { openData } from './open-data.ts'
import { deviceOptions, openModel } from './open-model.ts'
import { openVectors, vectorsFile } from './open-vectors.ts'

const dataOptions = {
  data: {
    type: 'string',
    placeholder: 'FILE',
    help: 'text to predict, or pairs or analogies of words: a file or a dataset of "nacre data list"',
  },
  mirror: { type: 'string', placeholder: 'DIR', help: 'take datasets from this folder (default: $NACRE_DATA_MIRROR)' },
  encoding: { type: 'string', default: 'utf-8', help: 'encoding of the text' },
  batchSize: { type: 'integer', default: 8, minimum: 1, unit: 'sequences', help: 'sequences at once' },
} as const

/** Of word vectors; texts have no use for them. */
const vectorOptions = {
  rule: {
    type: 'choice',
    choices: ['add', 'multiply'],
    default: 'add',
    help: 'word vectors: how analogies are completed, by sums or by products',
  },
  among: { type: 'integer', default: 30_000, minimum: 1, unit: 'words', help: 'word vectors: only frequent words' },
} as const

const options: typeof dataOptions & typeof vectorOptions & typeof deviceOptions = {
  ...dataOptions,
  ...vectorOptions,
  ...deviceOptions,
}

export const command: Command<typeof options> = {
  arguments: [{ name: 'RUN', help: 'folder of a trained model' }],
  options,
  examples: [
    'nacre evaluate runs/my --data other.txt',
    'nacre evaluate runs/vectors --data word-analogies',
    'nacre evaluate runs/vectors --data pairs.txt',
  ],
  async run(context) {
    const { host, json, report, print, note, options } = context
    const [folder] = context.arguments
    if (vectorsFile(folder) !== undefined) return evaluateVectors(await openVectors(folder), options, context)
    const storage = nodeStorage(resolve(folder))
    if (existsSync(resolve(folder)) && (await modelTypeOf(storage)) === 'mlp') {
      const runtime = nodeRuntime({ device: options.device, threads: options.threads })
      return evaluateDigits(storage, runtime, options, { host, json, report, print, note })
    }
    const model = await openModel(folder, options)
    const text = await measureText(await openData(options, { environment: host.environment, note }))
    const draw = (line: string) => {
      if (host.stderr.isTerminal && !json) host.stderr.write(`\r\x1b[K${line}`)
    }
    const result = await textPerplexity(model, text, {
      batchSize: options.batchSize,
      onProgress: share => draw(`${bar(share, 30)} ${Math.floor(100 * share)} %`),
    }).finally(() => draw(''))
    if (json) report({ type: 'evaluation', data: text.name, bytes: text.bytes, ...result }, '')
    print(`${text.name}: ${result.tokens.toLocaleString('en-US')} tokens, ${text.bytes.toLocaleString('en-US')} bytes`)
    print(`nats per token  ${result.natsPerToken.toFixed(4)}`)
    print(`perplexity      ${result.perplexity.toFixed(3)}`)
    print(`bits per byte   ${result.bitsPerByte.toFixed(4)}`)
  },
}
