/** Tokens a second that the small model writes at batch 1, with its cache and without. */
import { Random } from '../src/base/random.ts'
import { generate, length } from '../src/generation/generate.ts'
import { cachedPredictor, naivePredictor, type Predictor } from '../src/generation/predictor.ts'
import { temperature } from '../src/generation/sampling.ts'
import { GPT2 } from '../src/models/2019-gpt2.ts'
import { initialWeights, namedParameters } from '../src/nn/parameters.ts'
import { nodeRuntime } from '../src/runtime/node.ts'
import { trainCharacters } from '../src/tokenizers/characters.ts'

const alphabet = Array.from({ length: 65 }, (_, i) => String.fromCharCode(0x30 + i)).join('')
const tokenizer = await trainCharacters([alphabet])
const model = new GPT2({ vocabulary: 65, context: 64, channels: 128, layers: 4, heads: 4, bias: true })
const weights = initialWeights(namedParameters(model), 1)
const random = new Random(1, 'bench')
const prompt = Array.from({ length: 8 }, () => random.integer(65))

async function rate(name: string, predictor: Predictor, tokens: number): Promise<void> {
  let best = 0
  for (let round = 0; round < 4; round++) {
    const started = performance.now()
    const options = { sample: [temperature(0.8)], stopWhen: [length(tokens)] }
    for await (const _ of generate(predictor, tokenizer, prompt, options));
    best = Math.max(best, (1000 * tokens) / (performance.now() - started))
  }
  console.log(JSON.stringify({ name, tokensPerSecond: Math.round(best) }))
}

for (const threads of [1, 2]) {
  const loaded = { model, weights, runtime: nodeRuntime({ threads }) }
  await rate(`cached, ${threads} thread${threads > 1 ? 's' : ''}`, cachedPredictor(loaded), 1000)
  await rate(`naive, ${threads} thread${threads > 1 ? 's' : ''}`, naivePredictor(loaded), 200)
}
