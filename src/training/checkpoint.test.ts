import { expect, test } from 'vitest'
import type { Shape } from '../base/shape.ts'
import { openSafetensors, writeSafetensors } from '../checkpoints/safetensors.ts'
import { memoryStorage } from '../storage/memory.ts'
import { type Identity, loadState, saveState, stateFile } from './checkpoint.ts'
import type { TrainingState } from './step.ts'

const shapes = new Map<string, Shape>([
  ['embedding.weight', [3, 2]],
  ['blocks.0.bias', [2]],
])
const filled = (from: number) =>
  new Map(
    [...shapes].map(([name, shape]) => [
      name,
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => from + i / 7),
    ]),
  )
const state: TrainingState = { weights: filled(0.1), optimizer: { mean: filled(-5), square: filled(1e-30) } }
const identity: Identity = { configuration: '{"layers":1}', optimizer: 'adamw', tokenizer: 'abc' }
const position = { step: 12, best: { loss: 0.1 + 0.2, metric: 0.5, step: 8, since: 1 }, identity }
const load = (storage: Parameters<typeof loadState>[0], changed: Partial<Identity> = {}, states = ['mean', 'square']) =>
  loadState(storage, shapes, states, { ...identity, ...changed })

test('what was saved is what is loaded, to the last bit', async () => {
  const storage = memoryStorage()
  await saveState(storage, state, shapes, position)
  expect(await load(storage)).toEqual({ position, state })
  await saveState(storage, state, shapes, { step: 13, identity })
  expect((await load(storage)).position).toEqual({ step: 13, identity, best: undefined })
})

test('it is a safetensors file with readable names', async () => {
  const storage = memoryStorage()
  await saveState(storage, state, shapes, position)
  const { tensors, metadata } = await openSafetensors(storage, stateFile)
  expect([...tensors.keys()].sort()).toEqual([
    ...['optimizer/mean/blocks.0.bias', 'optimizer/mean/embedding.weight'],
    ...['optimizer/square/blocks.0.bias', 'optimizer/square/embedding.weight'],
    ...['weights/blocks.0.bias', 'weights/embedding.weight'],
  ])
  expect(metadata).toEqual({ ...identity, step: '12', best: JSON.stringify(position.best) })
})

test.each([
  [
    { configuration: '{"layers":2}' },
    'the configuration that the run was started with. Received {"layers":2} now and {"layers":1} then.',
  ],
  [{ optimizer: 'sgd' }, 'the optimizer that the run was started with. Received sgd now and adamw then.'],
  [{ tokenizer: 'xyz' }, 'the tokenizer that the run was started with. Received another.'],
])('a state of another %j is refused', async (changed, message) => {
  const storage = memoryStorage()
  await saveState(storage, state, shapes, position)
  const failure = load(storage, changed)
  const hint = 'Resume with the options of the first start, or train into a new folder with --out.'
  await expect(failure).rejects.toThrow(`memory:${stateFile} expected ${message} ${hint}`)
  await expect(failure).rejects.toMatchObject({ name: 'CheckpointError' })
})

test('a state cut anywhere is refused', async () => {
  const storage = memoryStorage()
  await saveState(storage, state, shapes, position)
  const bytes = await storage.read(stateFile)
  for (let length = 0; length < bytes.length; length += 13) {
    await storage.write(stateFile, [bytes.subarray(0, length)])
    await expect(load(storage)).rejects.toMatchObject({ name: 'CheckpointError' })
  }
})

test('missing and misshaped tensors, and a step that is none, are named', async () => {
  const storage = memoryStorage()
  await saveState(storage, state, shapes, position)
  await expect(load(storage, {}, ['mean', 'velocity'])).rejects.toThrow(
    'expected a tensor "optimizer/velocity/embedding.weight"',
  )
  const wider = new Map(shapes).set('blocks.0.bias', [1, 2])
  await expect(loadState(storage, wider, ['mean'], identity)).rejects.toThrow('expected shape [1, 2]. Received [2].')
  for (const step of ['-1', '1e3', '']) {
    await writeSafetensors(storage, stateFile, [], { ...identity, step })
    await expect(load(storage)).rejects.toThrow(`expected a step in its metadata. Received "${step}".`)
  }
})
