import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { type ModelFiles, readCharRNN } from '../checkpoints/charrnn.ts'
import { saveModelFolder } from '../checkpoints/model-folder.ts'
import { charrnnShakespeare } from '../data/charrnn-shakespeare.ts'
import { fileOf } from '../data/get.ts'
import { fetchDataset } from '../data/node.ts'
import { parameterCount } from '../nn/parameters.ts'
import { nodeStorage } from '../storage/node.ts'
import type { Command } from './command.ts'

const importOptions = {
  out: { type: 'string', default: 'runs/imported', placeholder: 'DIR', help: 'folder of the model' },
  mirror: { type: 'string', placeholder: 'DIR', help: 'take datasets from this folder (default: $NACRE_DATA_MIRROR)' },
} as const

/** Makes a folder of ours of a model that others trained, in a format that transformers does not read. */
export const command: Command<typeof importOptions> = {
  arguments: [
    { name: 'SOURCE', help: `folder of a charRNN model of ml5.js, or the dataset ${charrnnShakespeare.name}` },
  ],
  options: importOptions,
  examples: [
    `nacre import ${charrnnShakespeare.name} --out runs/charrnn`,
    'nacre generate runs/charrnn --prompt "ROMEO:"',
  ],
  async run({ arguments: [source], options, host, report, note }) {
    const files = await filesOf(source, options.mirror, host.environment, note)
    const saved = await readCharRNN(files)
    await saveModelFolder(nodeStorage(resolve(options.out)), saved)
    const parameters = parameterCount(saved.model)
    const { configuration } = saved.model
    const counted = `${parameters.toLocaleString('en-US')} parameters, vocabulary ${saved.model.vocabulary}`
    report(
      { type: 'import', out: options.out, parameters, configuration },
      `lstm: ${counted}\nThe model is in ${options.out}.`,
    )
  },
}

async function filesOf(
  source: string,
  mirror: string | undefined,
  environment: Readonly<Record<string, string | undefined>>,
  note: (text: string) => void,
): Promise<ModelFiles> {
  if (existsSync(source)) return nodeStorage(resolve(source))
  if (source !== charrnnShakespeare.name) {
    const expected = `a folder that exists, or ${charrnnShakespeare.name}`
    throw new OptionError({ what: 'SOURCE', expected, received: `"${source}"` })
  }
  note(`Reading dataset ${source} ...`)
  const fetched = await fetchDataset(charrnnShakespeare, { environment, mirror })
  const find = (name: string) => fileOf(charrnnShakespeare, fetched, name)
  return { locate: name => find(name).location, read: name => find(name).storage.read(find(name).name) }
}
