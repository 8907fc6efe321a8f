import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { env } from 'node:process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nacre } from '../../test/command-line.ts'
import { isFineTunedFolder } from '../checkpoints/fine-tuned-folder.ts'
import { loadModelFolder } from '../checkpoints/model-folder.ts'
import { compile, host } from '../compiler/compile.ts'
import { namedParameters, parameterNames, weightFeeds } from '../nn/parameters.ts'
import { nodeRuntime } from '../runtime/node.ts'
import type { HostTensor } from '../runtime/runtime.ts'
import { nodeStorage } from '../storage/node.ts'
import { input } from '../tensor/tensor.ts'
import { loadFineTuned } from '../training/fine-tuned.ts'
import { openFolder } from './open-folder.ts'

const directory = mkdtempSync(join(tmpdir(), 'nacre-merge-'))
afterAll(() => rmSync(directory, { recursive: true }))
const at = (name: string): string => join(directory, name)

const words = ['park', 'room', 'shop', 'lake', '公园', '房间', '学校', '商店']
const sizes = [
  '--layers',
  '2',
  '--channels',
  '16',
  '--heads',
  '2',
  '--context',
  '32',
  '--steps',
  '30',
  '--threads',
  '1',
]
const jsonl = (name: string, rows: readonly object[]): void =>
  writeFileSync(at(name), rows.map(row => `${JSON.stringify(row)}\n`).join(''))

async function run(...line: string[]): Promise<string> {
  const { code, stdout, stderr } = await nacre(line)
  expect([code, stderr]).toEqual([0, ''])
  return stdout
}
const train = (model: string, out: string, ...more: string[]) =>
  run('train', model, '--data', at('text.txt'), '--out', at(out), ...sizes, ...more)
const finetune = (base: string, data: string, out: string, ...more: string[]) =>
  run(
    ...['finetune', at(base), '--data', at(data), '--out', at(out), '--lora', '3', '--threads', '1', '--epochs', '6'],
    ...['--learning-rate', '1e-2', '--batch-size', '4', ...more],
  )
const score = async (...line: string[]): Promise<number[]> =>
  JSON.parse(await run('score', ...line, 'the park 公园', '--json')).logProbabilities

beforeAll(async () => {
  writeFileSync(
    at('text.txt'),
    words
      .map(word => `the ${word} is good or bad, ${word}很好很差, user assistant system\n`)
      .join('')
      .repeat(20),
  )
  jsonl(
    'completions.jsonl',
    words.map(word => ({ prompt: `the ${word}`, completion: `, ${word}` })),
  )
  const turn = (role: string, content: string) => ({ role, content })
  jsonl(
    'chat.jsonl',
    words.map(word => ({ messages: [turn('user', word), turn('assistant', `the ${word}`)] })),
  )
  const rows = words.flatMap(word => [`the ${word} is good,good`, `the ${word} is bad,bad`])
  writeFileSync(at('reviews.csv'), ['text,label', ...rows].join('\n'))
  await train('gpt2', 'gpt2')
  await train('gpt3', 'gpt3', '--band', '3')
  await train('llama', 'llama')
  await train('gpt2', 'other', '--seed', '2', '--steps', '1')
  await train('gpt2', 'wide', '--channels', '32', '--steps', '1')
}, 60_000)

/** Loads the adapter with PEFT, on the base that it names, and compares logits. */
async function expectPeftAgrees(folder: string): Promise<void> {
  const storage = await openFolder(folder)
  const classifies = await isFineTunedFolder(storage)
  const { model, weights, ids, logits } = classifies ? await classifierOf() : await languageModelOf()
  async function languageModelOf() {
    const saved = await loadModelFolder(storage)
    const encoded = [...saved.tokenizer.encode('the park 公园', { special: true })]
    return { ...saved, ids: encoded, logits: saved.model.logits(input('ids', [1, encoded.length], 'int64')) }
  }
  async function classifierOf() {
    const tuned = await loadFineTuned(storage)
    const [{ ids: encoded }] = tuned.encode([{ text: 'the park', label: 0 }])
    const made = tuned.model.logits(input('ids', [1, encoded.length], 'int64'), input('lengths', [1], 'int64'))
    return { ...tuned, ids: Array.from(encoded), logits: made }
  }
  const program = await compile(
    nodeRuntime({ threads: 1 }),
    { logits },
    { parameterNames: parameterNames(namedParameters(model)) },
  )
  const given = {
    ids: host('int64', [1, ids.length], BigInt64Array.from(ids, BigInt)),
    ...(classifies && { lengths: host('int64', [1], BigInt64Array.of(BigInt(ids.length))) }),
  }
  const result = await program.run({ ...weightFeeds(model, weights), ...given })
  await program.release()
  const flat = Array.from((result.logits as HostTensor).data, Number)
  const width = logits.shape.at(-1)!
  const rows = Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width))
  const ours = join(directory, 'ours.json')
  writeFileSync(ours, JSON.stringify({ ids, logits: classifies ? rows[0] : rows }))
  const script = resolve(import.meta.dirname, '../../scripts/check-peft.py')
  const { status, stdout, stderr } = spawnSync(env.NACRE_PYTHON!, [script, folder, '--ours', ours], {
    encoding: 'utf8',
  })
  expect(status === 0 ? 'equal' : `${stdout}${stderr}`).toBe('equal')
}

describe.each([
  ['gpt2', 'completions.jsonl', ['--lora-targets', 'attention.project,feedForward.expand']],
  ['gpt2', 'chat.jsonl', []], // brings rows for the tokens of its template
  ['gpt3', 'completions.jsonl', []], // its folder keeps queries that are divided
  ['llama', 'completions.jsonl', ['--lora-targets', 'attention.query,attention.key,feedForward.gate']],
  ['llama', 'chat.jsonl', []],
] as const)('%s, %s', (base, data, more) => {
  const name = `${base}-${data.split('.')[0]}`
  test('the adapter on its base is the merged model', async () => {
    await finetune(base, data, name, ...more)
    const config = JSON.parse(readFileSync(at(`${name}/adapter/adapter_config.json`), 'utf8'))
    expect(config).toMatchObject({ peft_type: 'LORA', base_model_name_or_path: at(base), r: 3, lora_alpha: 6 })
    expect(config.fan_in_fan_out).toBe(base === 'gpt2')
    expect(existsSync(at(`${name}/adapter/config.json`))).toBe(false) // transformers would look for whole weights
    const merged = await score(at(name))
    const adapted = await score(at(`${name}/adapter`))
    for (const [i, logProbability] of merged.entries()) expect(adapted[i]).toBeCloseTo(logProbability, 4)
    expect(Math.abs(merged[3] - (await score(at(base)))[3])).toBeGreaterThan(1e-3)
    await run('merge', at(`${name}/adapter`), '--out', at(`${name}-whole`))
    for (const [i, logProbability] of (await score(at(`${name}-whole`))).entries())
      expect(logProbability).toBeCloseTo(merged[i], 4)
    const settings = (folder: string) => readFileSync(at(`${folder}/tokenizer_config.json`), 'utf8')
    expect(settings(`${name}-whole`)).toBe(settings(name))
  })

  test.skipIf(env.NACRE_PYTHON === undefined)('PEFT computes the same logits (skipped: set NACRE_PYTHON)', async () => {
    await expectPeftAgrees(at(`${name}/adapter`))
  })
})

describe('a classifier', () => {
  const probabilities = async (...line: string[]) =>
    JSON.parse(await run('classify', ...line, 'the park is good', '--json')).probabilities.good
  describe.each([
    ['reviews', undefined, ['c_attn']],
    ['reviews-words', 'tokenEmbedding', ['wte']], // brings rows for the tokens of its inputs
    ['reviews-both', 'attention.project,tokenEmbedding,positionEmbedding', ['c_attn', 'wpe', 'wte']],
  ])('%s', (name, targets, theirs) => {
    test('the adapter on its base is the merged model', async () => {
      await finetune('gpt2', 'reviews.csv', name, ...(targets ? ['--lora-targets', targets] : []))
      const config = JSON.parse(readFileSync(at(`${name}/adapter/adapter_config.json`), 'utf8'))
      expect(config).toMatchObject({ task_type: 'SEQ_CLS', modules_to_save: ['score'] })
      expect(config.target_modules.toSorted()).toEqual(theirs)
      const merged = await probabilities(at(name))
      expect(await probabilities(at(`${name}/adapter`))).toBeCloseTo(merged, 4)
      await run('merge', at(`${name}/adapter`), '--out', at(`${name}-whole`))
      expect(await probabilities(at(`${name}-whole`))).toBeCloseTo(merged, 4)
      expect(await run('evaluate', at(`${name}/adapter`), '--data', at('reviews.csv'))).toContain('accuracy')
    })

    test.skipIf(env.NACRE_PYTHON === undefined)('PEFT computes the same (skipped: set NACRE_PYTHON)', async () => {
      await expectPeftAgrees(at(`${name}/adapter`))
    })
  })

  test('a BERT', async () => {
    const small = ['--size', 'bert-tiny', '--channels', '16', '--layers', '1', '--heads', '2', '--context', '32']
    const few = ['--vocabulary', '100', '--steps', '2', '--threads', '1']
    writeFileSync(
      at('documents.txt'),
      words
        .map(word => `the ${word} is good.\nthe ${word} is bad.\n\n`)
        .join('')
        .repeat(4),
    )
    await run('train', 'bert', '--data', at('documents.txt'), '--out', at('bert'), ...small, ...few)
    await finetune('bert', 'reviews.csv', 'bert-reviews')
    const config = JSON.parse(readFileSync(at('bert-reviews/adapter/adapter_config.json'), 'utf8'))
    expect(config.target_modules.toSorted()).toEqual(['key', 'query', 'value'])
    expect(config.modules_to_save.toSorted()).toEqual(['bert.pooler.dense', 'classifier'])
    expect(await probabilities(at('bert-reviews/adapter'))).toBeCloseTo(await probabilities(at('bert-reviews')), 4)
    await run('merge', at('bert-reviews/adapter'), '--out', at('bert-whole'))
    expect(await probabilities(at('bert-whole'))).toBeCloseTo(await probabilities(at('bert-reviews')), 4)
  })

  test.skipIf(env.NACRE_PYTHON === undefined)('PEFT on BERT (skipped: set NACRE_PYTHON)', async () => {
    await expectPeftAgrees(at('bert-reviews/adapter'))
  })
})

test('an adapter is fine-tuned further; without --lora it goes', async () => {
  await finetune('gpt2-completions/adapter', 'completions.jsonl', 'again', '--lora', '2')
  const [merged, adapted] = [await score(at('again')), await score(at('again/adapter'))]
  for (const [i, value] of merged.entries()) expect(adapted[i]).toBeCloseTo(value, 4)
  const line = ['finetune', at('gpt2'), '--data', at('completions.jsonl'), '--out', at('again'), '--epochs', '1']
  expect(await nacre(line)).toMatchObject({ code: 0 })
  expect(existsSync(at('again/adapter/adapter_config.json'))).toBe(false)
})

describe('bad input', () => {
  test.each([
    [['generate', 'gpt2', '--base', 'gpt2'], 2, 'Option --base expected an adapter in RUN, with adapter_config.json.'],
    [
      [
        'finetune',
        'gpt2',
        '--data',
        at('chat.jsonl'),
        '--lora',
        '2',
        '--lora-targets',
        'tokenEmbedding',
        '--out',
        'not',
      ],
      2,
      'Option --lora-targets expected layers that something is multiplied with, where answers are learned. Received an embedding',
    ],
    [['merge', 'gpt2'], 2, 'RUN expected the folder of an adapter, with adapter_config.json.'],
    [['merge', 'nowhere'], 2, 'which does not exist'],
    [['merge', 'gpt2-chat/adapter', '--out', 'gpt2-chat/adapter'], 2, 'expected a folder that neither is nor holds'],
    [['generate', 'gpt2-chat/adapter', '--base', 'nowhere'], 2, 'which does not exist. Name it with --base DIR.'],
    [
      ['generate', 'gpt2-chat/adapter', '--base', 'llama'],
      1,
      'expected a base with the layer "transformer.h.0.attn.c_attn"',
    ],
    [['merge', 'gpt2-chat/adapter', '--base', 'other'], 1, 'expected the base that it was learned on'],
    [
      ['score', 'gpt2-chat/adapter', 'a', '--base', 'wide'],
      1,
      'expected a base with the layer "transformer.wte.weight", of the same size',
    ],
  ] as const)('%j', async (line, code, message) => {
    const folders = ['gpt2', 'llama', 'other', 'wide', 'nowhere', 'gpt2-chat/adapter']
    const failed = await nacre(line.map(word => (folders.includes(word) ? at(word) : word)))
    expect({ code: failed.code, stdout: failed.stdout }).toEqual({ code, stdout: '' })
    expect(failed.stderr).toContain(message)
  })

  test('a folder that is read is not written, whatever it is called', async () => {
    symlinkSync(at('gpt2'), at('link'))
    const files = () => [...['gpt2', 'gpt2-chat']].map(folder => readFileSync(at(`${folder}/model.safetensors`)))
    const before = files()
    for (const [base, out] of [
      ['gpt2-chat/adapter', 'gpt2-chat'],
      ['gpt2-chat/adapter', 'gpt2'],
      ['gpt2', 'link'],
      ['gpt2', '.'],
    ]) {
      const line = ['finetune', at(base), '--data', at('completions.jsonl'), '--out', at(out), '--lora', '2']
      expect(await nacre(line)).toMatchObject({ code: 2, stderr: expect.stringContaining('neither is nor holds') })
    }
    expect(files()).toEqual(before)
    expect(existsSync(at('gpt2-chat/adapter/adapter_config.json'))).toBe(true)
  })

  test('a model of another origin is not replaced', async () => {
    await run('merge', at('gpt2-chat/adapter'), '--out', at('theirs'))
    const before = readFileSync(at('theirs/model.safetensors'))
    for (const line of [
      ['finetune', at('gpt2'), '--data', at('completions.jsonl'), '--out', at('theirs')],
      ['train', 'gpt2', '--data', at('text.txt'), '--out', at('theirs'), ...sizes],
    ])
      expect(await nacre(line)).toMatchObject({ code: 2, stderr: expect.stringContaining('a model of another origin') })
    expect(readFileSync(at('theirs/model.safetensors'))).toEqual(before)
    const merged = await nacre(['merge', at('gpt2-chat/adapter'), '--out', at('gpt2')])
    expect(merged).toMatchObject({ code: 2, stderr: expect.stringContaining('neither is nor holds') })
    const other = await nacre(['merge', at('gpt2-chat/adapter'), '--out', at('llama')])
    expect(other).toMatchObject({ code: 2, stderr: expect.stringContaining('expected a folder without a run') })
    for (const out of ['theirs', 'gpt2']) {
      const refused = await nacre(['train', 'tfidf', '--data', at('reviews.csv'), '--out', at(out)])
      expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('Option --out expected a') })
    }
    const file = await nacre(['train', 'tfidf', '--data', at('reviews.csv'), '--out', at('text.txt')])
    expect(file).toMatchObject({ code: 2, stderr: expect.stringContaining('Option --out expected a folder. Received') })
  })

  test('an adapter that names itself as its base', async () => {
    cpSync(at('gpt2-chat/adapter'), at('self'), { recursive: true })
    const file = at('self/adapter_config.json')
    const config = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...config, base_model_name_or_path: at('self') }))
    const failed = await nacre(['generate', at('self')])
    expect([failed.code, failed.stderr]).toEqual([2, expect.stringContaining('which is an adapter of it')])
    expect(await score(at('self'), '--base', at('gpt2'))).toHaveLength(10)
  })

  test('a base that has moved is named for a fine-tuning too, and only beside an adapter', async () => {
    cpSync(at('gpt2-chat/adapter'), at('moved'), { recursive: true })
    const file = at('moved/adapter_config.json')
    const config = JSON.parse(readFileSync(file, 'utf8'))
    writeFileSync(file, JSON.stringify({ ...config, base_model_name_or_path: at('gone') }))
    const line = ['finetune', at('moved'), '--data', at('completions.jsonl'), '--out', at('on')]
    expect(await nacre(line)).toMatchObject({ code: 2, stderr: expect.stringContaining('Name it with --base DIR') })
    const few = ['--threads', '1', '--epochs', '30', '--batch-size', '2']
    expect((await nacre([...line, ...few, '--base', at('gpt2')], 'held out:')).stdout).toContain('--resume')
    expect(await nacre(['finetune', '--resume', '--out', at('on')])).toMatchObject({ code: 0, stderr: '' })
    const plain = ['finetune', at('gpt2'), '--base', at('llama'), '--data', at('completions.jsonl'), '--out', at('on2')]
    expect(await nacre(plain)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('Option --base expected an adapter in RUN'),
    })
  })

  test('a base that has gone', async () => {
    const storage = nodeStorage(at('gpt2-chat/adapter'))
    const config = JSON.parse(readFileSync(at('gpt2-chat/adapter/adapter_config.json'), 'utf8'))
    await storage.write('adapter_config.json', [
      new TextEncoder().encode(JSON.stringify({ ...config, base_model_name_or_path: 'someone/model' })),
    ])
    const failed = await nacre(['generate', at('gpt2-chat/adapter')])
    expect(failed.stderr).toContain('expected the folder of a model. Received "someone/model", which does not exist')
    expect(await score(at('gpt2-chat/adapter'), '--base', at('gpt2'))).toHaveLength(10)
  })
})
