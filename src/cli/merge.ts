import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { OptionError } from '../base/errors.ts'
import { isAdapterFolder } from '../checkpoints/adapter.ts'
import { loadBertFolder, saveBertFolder } from '../checkpoints/bert.ts'
import { loadBertClassifierFolder, saveBertTaskFolder } from '../checkpoints/bert-task-folder.ts'
import { modelTypeOf } from '../checkpoints/classifier-folder.ts'
import { isFineTunedFolder, loadFineTunedFolder, saveFineTunedFolder } from '../checkpoints/fine-tuned-folder.ts'
import { loadModelFolder, saveModelFolder } from '../checkpoints/model-folder.ts'
import { nodeStorage } from '../storage/node.ts'
import type { Storage } from '../storage/storage.ts'
import type { Command } from './command.ts'
import { adapterOptions, foldersOf, openFolder } from './open-folder.ts'
import { refuseOther, refuseOverlap } from './out-folder.ts'

const ownOptions = {
  out: { type: 'string', default: 'runs/merged', placeholder: 'DIR', help: 'folder of the model' },
} as const
const options: typeof adapterOptions & typeof ownOptions = { ...adapterOptions, ...ownOptions }

/** Makes one model of an adapter and its base. */
export const command: Command<typeof options> = {
  arguments: [{ name: 'RUN', help: 'folder of an adapter (LoRA), of ours or of PEFT' }],
  options,
  examples: [
    'nacre merge runs/mine/adapter --out runs/whole',
    'nacre merge downloads/lora-of-another --base runs/gpt --out runs/whole',
  ],
  async run({ arguments: [folder], options: { base, out }, report }) {
    if (!existsSync(folder) || !(await isAdapterFolder(nodeStorage(resolve(folder))))) {
      const expected = 'the folder of an adapter, with adapter_config.json'
      const received = `"${folder}"${existsSync(folder) ? ' without it' : ', which does not exist'}`
      throw new OptionError({
        what: 'RUN',
        expected,
        received,
        hint: 'nacre finetune --lora writes one to RUN/adapter.',
      })
    }
    refuseOverlap(out, await foldersOf(folder, base))
    await refuseOther(nodeStorage(resolve(out)), out)
    const parameters = await mergeInto(nodeStorage(resolve(out)), await openFolder(folder, { base }))
    const text = `${parameters.toLocaleString('en-US')} parameters\nThe model is in ${out}.`
    report({ type: 'merge', out, parameters }, text)
  },
}

/** Writes what a folder holds as we write it; how many parameters there are. */
async function mergeInto(out: Storage, adapted: Storage): Promise<number> {
  const kept = async <T extends { readonly weights: ReadonlyMap<string, Float32Array> }>(
    saved: T,
    save: (storage: Storage, saved: T) => Promise<void>,
  ): Promise<number> => {
    await save(out, saved)
    return [...saved.weights.values()].reduce((sum, { length }) => sum + length, 0)
  }
  const classifies = await isFineTunedFolder(adapted)
  if ((await modelTypeOf(adapted)) === 'bert') {
    if (classifies) return kept(await loadBertClassifierFolder(adapted), saveBertTaskFolder)
    return kept(await loadBertFolder(adapted), saveBertFolder)
  }
  if (classifies) return kept(await loadFineTunedFolder(adapted), saveFineTunedFolder)
  return kept(await loadModelFolder(adapted), saveModelFolder)
}
