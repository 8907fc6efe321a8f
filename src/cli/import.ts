import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { type GivenOptions, type OptionsOf, refuseGiven } from '../base/options.ts'
import { readCharRNN } from '../checkpoints/charrnn.ts'
import { type NamedBytes, readLlama2c } from '../checkpoints/llama2c.ts'
import { type SavedModel, saveModelFolder } from '../checkpoints/model-folder.ts'
import { isOpenAIGPTFolder, readOpenAIGPT } from '../checkpoints/openai-gpt.ts'
import { charrnnShakespeare } from '../data/charrnn-shakespeare.ts'
import { fileOf } from '../data/get.ts'
import { fetchDataset } from '../data/node.ts'
import { stories260K } from '../data/stories260k.ts'
import { parameterCount } from '../nn/parameters.ts'
import { nodeStorage } from '../storage/node.ts'
import type { Command } from './command.ts'
import { refuseOther } from './out-folder.ts'

const importOptions = {
  out: { type: 'string', default: 'runs/imported', placeholder: 'DIR', help: 'folder of the model' },
  tokenizer: {
    type: 'string',
    placeholder: 'FILE',
    help: 'tokenizer of a llama2.c checkpoint (default: the tok*.bin beside it)',
  },
  heads: {
    type: 'integer',
    default: 12,
    minimum: 1,
    help: 'attention heads of a GPT-1 of OpenAI, whose files do not tell them',
  },
  mirror: { type: 'string', placeholder: 'DIR', help: 'take datasets from this folder (default: $NACRE_DATA_MIRROR)' },
} as const

const datasets = [charrnnShakespeare, stories260K]
const datasetNames = datasets.map(({ name }) => name).join(' or ')

/** Makes a folder of ours of a model that others trained, in a format that transformers does not read. */
export const command: Command<typeof importOptions> = {
  arguments: [
    {
      name: 'SOURCE',
      help: `folder of GPT-1 as OpenAI released it (finetune-transformer-lm/model) or of a charRNN model of ml5.js, a llama2.c checkpoint, or the dataset ${datasetNames}`,
    },
  ],
  options: importOptions,
  examples: [
    `nacre import ${charrnnShakespeare.name} --out runs/charrnn`,
    'nacre generate runs/charrnn --prompt "ROMEO:"',
    `nacre import ${stories260K.name} --out runs/stories`,
    'nacre import finetune-transformer-lm/model --out runs/gpt1',
    'nacre import stories15M.bin --tokenizer tokenizer.bin --out runs/stories',
  ],
  async run({ arguments: [source], options, given, host, report, note }) {
    const storage = nodeStorage(resolve(options.out))
    await refuseOther(storage, options.out)
    const read = sourceOf(source, options, given)
    if (read === undefined) note(`Reading dataset ${source} ...`)
    const saved = await (read?.() ?? readDataset(source, options.mirror, host.environment))
    await saveModelFolder(storage, saved)
    const parameters = parameterCount(saved.model)
    const { configuration } = saved.model
    const counted = `${parameters.toLocaleString('en-US')} parameters, vocabulary ${saved.model.vocabulary}`
    report(
      { type: 'import', out: options.out, parameters, configuration },
      `${saved.model.constructor.name.toLowerCase()}: ${counted}\nThe model is in ${options.out}.`,
    )
  },
}

/** How a file or folder is read; undefined for a dataset. */
function sourceOf(
  source: string,
  { tokenizer, heads }: OptionsOf<typeof importOptions>,
  given: GivenOptions<typeof importOptions>,
): (() => Promise<SavedModel>) | undefined {
  const refuse = (...names: ('tokenizer' | 'heads')[]) =>
    refuseGiven(given, names, `to be left out for ${source}, which says so itself`)
  if (!existsSync(source)) {
    if (datasets.some(({ name }) => name === source)) {
      refuse('tokenizer', 'heads')
      return undefined
    }
    const expected = `a file or folder that exists, or ${datasetNames}`
    throw new OptionError({ what: 'SOURCE', expected, received: `"${source}"` })
  }
  if (statSync(source).isDirectory()) {
    const storage = nodeStorage(resolve(source))
    refuse('tokenizer')
    return async () => {
      if (await isOpenAIGPTFolder(storage)) return readOpenAIGPT(storage, { heads })
      refuse('heads')
      return readCharRNN(storage)
    }
  }
  refuse('heads')
  const beside = tokenizer ?? tokenizerBeside(source)
  return () => readLlama2c(bytesOf(source), bytesOf(beside))
}

function tokenizerBeside(checkpoint: string): string {
  const folder = dirname(resolve(checkpoint))
  const found = readdirSync(folder).filter(name => /^tok.*\.bin$/.test(name) && name !== basename(checkpoint))
  if (found.length === 1) return join(folder, found[0])
  throw new OptionError({
    what: 'Option --tokenizer',
    expected: `a file, because ${folder} has ${found.length} files like tok512.bin`,
    received: 'none',
  })
}

function bytesOf(path: string): NamedBytes {
  if (existsSync(path) && statSync(path).isFile()) return { name: path, bytes: readFileSync(path) }
  throw new OptionError({ what: 'Option --tokenizer', expected: 'a file that exists', received: `"${path}"` })
}

async function readDataset(
  source: string,
  mirror: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<SavedModel> {
  const dataset = datasets.find(({ name }) => name === source)!
  const fetched = await fetchDataset(dataset, { environment, mirror })
  const find = (name: string) => fileOf(dataset, fetched, name)
  const read = (name: string) => find(name).storage.read(find(name).name)
  if (dataset === charrnnShakespeare) return readCharRNN({ locate: name => find(name).location, read })
  const [checkpoint, tokenizer] = await Promise.all(
    dataset.files.map(async ({ name }) => ({ name: find(name).location, bytes: await read(name) })),
  )
  return readLlama2c(checkpoint, tokenizer)
}
