import { measureText } from '../data/text.ts'
import { memoryTokens } from '../data/token-shards.ts'
import { perplexity } from '../evaluation/score.ts'
import { encodeChunks } from '../tokenizers/tokenizer.ts'
import { bar } from '../training/progress.ts'
import type { Command } from './command.ts'
import { openData } from './open-data.ts'
import { deviceOptions, openModel } from './open-model.ts'

const dataOptions = {
  data: { type: 'string', placeholder: 'FILE', help: 'text to predict: a file or a dataset of "nacre data list"' },
  encoding: { type: 'string', default: 'utf-8', help: 'encoding of the text' },
  batchSize: { type: 'integer', default: 8, minimum: 1, unit: 'sequences', help: 'sequences at once' },
} as const

export const command: Command<typeof dataOptions & typeof deviceOptions> = {
  arguments: [{ name: 'RUN', help: 'folder of a trained model' }],
  options: { ...dataOptions, ...deviceOptions },
  examples: ['nacre evaluate runs/my --data other.txt'],
  async run({ arguments: [folder], options, host, json, report, print, note }) {
    const model = await openModel(folder, options)
    const text = await openData(options, { environment: host.environment, note })
    const { bytes } = await measureText(text)
    const pieces: Int32Array[] = []
    for await (const ids of encodeChunks(model.tokenizer, text.chunks())) pieces.push(ids)
    const ids = new Int32Array(pieces.reduce((sum, piece) => sum + piece.length, 0))
    let offset = 0
    for (const piece of pieces) {
      ids.set(piece, offset)
      offset += piece.length
    }
    const terminal = host.stdout.isTerminal && !json
    const result = await perplexity(model, memoryTokens(ids, bytes), {
      batchSize: options.batchSize,
      onProgress: share => {
        if (terminal) host.stdout.write(`\r${share < 1 ? bar(share, 30) : '\x1b[K'}`)
      },
    })
    if (json) report({ type: 'evaluation', data: text.name, bytes, ...result }, '')
    print(`${text.name}: ${result.tokens.toLocaleString('en-US')} tokens of ${bytes.toLocaleString('en-US')} bytes`)
    print(`nats per token  ${result.natsPerToken.toFixed(4)}`)
    print(`perplexity      ${result.perplexity.toFixed(3)}`)
    print(`bits per byte   ${result.bitsPerByte.toFixed(4)}`)
  },
}
