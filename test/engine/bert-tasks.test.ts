import { expect, test } from 'vitest'
import { elementCount, type Shape } from '../../src/base/shape.ts'
import {
  type BertArchitecture,
  isUnusedBy,
  loadBertTaskFolder,
  saveBertTaskFolder,
} from '../../src/checkpoints/bert-task-folder.ts'
import { openSafetensors, writeSafetensors } from '../../src/checkpoints/safetensors.ts'
import { host } from '../../src/compiler/compile.ts'
import { crossEntropy } from '../../src/nn/losses.ts'
import { namedParameters } from '../../src/nn/parameters.ts'
import { nodeRuntime } from '../../src/runtime/node.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { writeText } from '../../src/storage/storage.ts'
import { input } from '../../src/tensor/tensor.ts'
import { expectClose } from './closeness.ts'
import { forwardAndBackward, integerRows } from './golden-model.ts'
import { goldenValues, readGolden } from './golden-values.ts'

interface Golden {
  readonly configuration: Record<string, number>
  readonly ids: number[][]
  readonly lengths: number[]
  readonly labels: number[]
  readonly tags: number[][]
  readonly places: number[][]
  readonly tasks: Record<
    BertArchitecture,
    {
      readonly logits: unknown[]
      readonly loss: number
      readonly gradientNorms: Record<string, number>
      readonly shapes: Record<string, Shape>
    }
  >
}

const golden = readGolden<Golden>('bert_tasks.json')
const runtime = nodeRuntime({ threads: 1 })

/** A folder as transformers would write it; [SEP] is token 3. */
async function folderOf(architecture: BertArchitecture) {
  const storage = memoryStorage()
  const classes = ['a', 'b', 'c', 'd']
  const config = {
    ...{ architectures: [architecture], model_type: 'bert', type_vocab_size: 2, ...golden.configuration },
    ...(architecture !== 'BertForQuestionAnswering' && { id2label: Object.fromEntries(Object.entries(classes)) }),
  }
  await writeText(storage, 'config.json', JSON.stringify(config))
  const tokens = Array.from({ length: 61 }, (_, i) => ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'][i] ?? `t${i}`)
  await writeText(storage, 'vocab.txt', tokens.join('\n'))
  const tensors = Object.entries(golden.tasks[architecture].shapes).map(([name, shape]) => {
    const isNormalization = name.includes('LayerNorm')
    const offset = isNormalization && name.endsWith('weight') ? 1 : 0
    const scale = !isNormalization && name.endsWith('weight') ? 0.4 : 0.2
    return { name, dtype: 'F32', shape, data: goldenValues(name, { shape, offset, scale }) } as const
  })
  await writeSafetensors(storage, 'model.safetensors', tensors, { format: 'pt' })
  return { storage, tensors }
}

const answers: Record<BertArchitecture, number[]> = {
  BertForSequenceClassification: golden.labels,
  BertForTokenClassification: golden.tags.flat(),
  BertForQuestionAnswering: golden.places.flat(),
}

test.each(Object.keys(golden.tasks) as BertArchitecture[])(
  "%s of transformers is read and written; logits, loss and every gradient's norm",
  async architecture => {
    const { storage, tensors } = await folderOf(architecture)
    const saved = await loadBertTaskFolder(storage)
    const { model, weights } = saved
    const { logits: wanted, loss: wantedLoss, gradientNorms } = golden.tasks[architecture]
    const feeds = {
      ids: integerRows(golden.ids),
      lengths: host('int64', [3], BigInt64Array.from(golden.lengths, BigInt)),
    }
    const logits = model.logits(input('ids', feeds.ids.shape, 'int64'), input('lengths', [3], 'int64'))
    const labels = answers[architecture].map(label => BigInt(Math.max(-1, label)))
    const shape = logits.shape.slice(0, -1)
    const loss = crossEntropy(logits, input('labels', shape, 'int64'))
    const all = { ...feeds, labels: host('int64', shape, BigInt64Array.from(labels)) }
    const result = await forwardAndBackward(runtime, { model, weights, feeds: all }, { logits, loss })
    expectClose('loss', result.loss, [wantedLoss], { relative: 1e-6 })
    const flat = (wanted.flat(Infinity) as number[]).map((value, i) => (isPadding(architecture, i) ? undefined : value))
    for (const [i, value] of flat.entries())
      if (value !== undefined)
        expectClose(`logit ${i}`, [result.logits[i]], [value], { absolute: 2e-5, relative: 1e-6 })

    // The norms of ours, put apart as transformers has them.
    const gradients = new Map([...namedParameters(model).keys()].map(name => [name, result.gradientOf(name)]))
    const used = [...gradients].filter(([name]) => !isUnusedBy(model, name))
    const total = Math.sqrt(
      used.reduce((sum, [, values]) => sum + values.reduce((part, value) => part + value ** 2, 0), 0),
    )
    const expected = Math.sqrt(Object.values(gradientNorms).reduce((sum, norm) => sum + norm ** 2, 0))
    expectClose('gradient norm', [total], [expected], { relative: 1e-5 })

    const again = memoryStorage()
    await saveBertTaskFolder(again, saved)
    const file = await openSafetensors(again, 'model.safetensors')
    expect([...file.tensors.keys()].sort()).toEqual(tensors.map(({ name }) => name).sort())
    for (const { name, shape: of, data } of tensors) {
      expect(elementCount(of)).toBe(data.length)
      expect([name, await file.readFloat32(name, of)]).toEqual([name, data])
    }
  },
)

/** Whether a logit is of a token behind the end of its row. */
function isPadding(architecture: BertArchitecture, index: number): boolean {
  if (architecture === 'BertForSequenceClassification') return false
  const perRow = architecture === 'BertForQuestionAnswering' ? 2 * 16 : 16 * 4
  const row = Math.floor(index / perRow)
  const token = architecture === 'BertForQuestionAnswering' ? index % 16 : Math.floor((index % perRow) / 4)
  return token >= golden.lengths[row]
}
