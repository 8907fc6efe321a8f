import { describe, expect, it, test } from 'vitest'
import { catalog, findDataset } from '../data/catalog.ts'
import { fetchDataset } from '../data/node.ts'
import { RecordProblems } from '../data/records.ts'
import { chatDatasetNames, readChatDataset } from './datasets.ts'

const mirror = process.env.NACRE_DATA_MIRROR

/** Examples that are read and problems that are counted: known of the files, whose hashes the catalog has. */
const counts: Readonly<Record<string, readonly [read: number, problems: number]>> = {
  'small-world-chat': [230_000, 0],
  alpaca: [52_973, 28],
  'alpaca-zh': [30_698, 18],
  dolly: [15_015, 0],
  'self-instruct': [427, 0],
  'self-instruct-zh': [175, 0],
  gsm8k: [8_792, 0],
  'tool-calls': [300, 0],
  'tool-calls-zh': [298, 2],
  identity: [91, 0],
  'sharegpt-zh': [998, 2],
  preferences: [300, 0],
  'preferences-zh': [800, 0],
  'hh-rlhf-harmless': [2_300, 12],
  kdconv: [450, 0],
  lccc: [12_000, 0],
}
const present = chatDatasetNames.filter(name => catalog.some(dataset => dataset.name === name))

describe.skipIf(!mirror)('datasets of instructions and dialogue (need NACRE_DATA_MIRROR)', () => {
  it.each(present)('%s is read whole', async name => {
    const dataset = findDataset(name)
    const problems = new RecordProblems()
    const kinds = new Set<string>()
    let read = 0
    for await (const { kind } of readChatDataset(dataset, await fetchDataset(dataset), problems)) {
      kinds.add(kind)
      read++
    }
    expect([...kinds]).toEqual(['conversation'])
    expect([name, read, problems.count, problems.first]).toEqual([name, ...counts[name], problems.first])
  })
})

test('a dataset of another kind is refused', async () => {
  const reading = readChatDataset(findDataset('names'), [], new RecordProblems()).next()
  await expect(reading).rejects.toThrow(
    'The dataset expected instructions or dialogues: small-world-chat, alpaca, alpaca-zh, dolly',
  )
})
