/**
 * The example of both READMEs: a small GPT learns a text and continues it. The text is written here, by a seeded
 * generator, into a temporary folder.
 *
 *     node recipes/readme-example.ts
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Random } from '../src/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'nacre-'))
process.chdir(folder)
writeFileSync('my.txt', rhymes(400))

// README begins
import { readFileSync } from 'node:fs'
import * as nacre from '../src/index.ts'
import { nodeRuntime } from '../src/node.ts'

const text = readFileSync('my.txt', 'utf8')
const tokenizer = await nacre.trainCharacters([text])
const ids = tokenizer.encode(text)
const size = { context: 32, channels: 64, layers: 2, heads: 2, bias: true }
const model = new nacre.GPT2({ vocabulary: tokenizer.vocabularySize, ...size })
const runtime = nodeRuntime()
const weights = nacre.initialWeights(nacre.namedParameters(model), 1)
const train = nacre.memoryTokens(ids, Buffer.byteLength(text))
const pace = { steps: 300, batchSize: 16, optimizer: nacre.adamW(), learningRate: nacre.constantRate(3e-3), clip: 1 }
const rest = { seed: 1, evaluateEvery: 300, evaluationBatches: 1 }
const training = await nacre.train(model, { runtime, weights, train, ...pace, ...rest })
for await (const { step, loss } of training.events) if (step % 100 === 0) console.log(step, loss.toFixed(3))

const learned = { model, runtime, weights: (await training.state()).weights }
const options = { sample: [nacre.temperature(0.8)], stopWhen: [nacre.length(120)], seed: 1 }
const prompt = [...tokenizer.encode('The ')]
for await (const piece of nacre.generate(nacre.cachedPredictor(learned), tokenizer, prompt, options)) {
  process.stdout.write(piece.text)
}
// README ends

console.log()
process.chdir(tmpdir())
rmSync(folder, { recursive: true })

/** Lines of one small grammar. */
function rhymes(count: number): string {
  const random = new Random(1, 'text')
  const one = (words: string) => words.split(' ')[random.integer(words.split(' ').length)]
  const line = () =>
    `The ${one('grey warm deep slow')} ${one('sea tide sand moon')} ${one('makes keeps hides')} a ${one('pearl shell wave')}.\n`
  return Array.from({ length: count }, line).join('')
}
