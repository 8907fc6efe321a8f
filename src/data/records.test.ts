import { gzipSync } from 'node:zlib'
import { describe, expect, it, test } from 'vitest'
import { memoryStorage } from '../storage/memory.ts'
import { nodeStorage } from '../storage/node.ts'
import { openRecords } from './node.ts'
import type { ParquetSource } from './parquet-records.ts'
import { type RecordFileOptions, recordFile } from './record-files.ts'
import { RecordProblems } from './records.ts'

const goldens = nodeStorage(new URL('../../test/goldens/records', import.meta.url).pathname)

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

/** What a file holds: the records, where they stand, and what is wrong. */
async function read(file: string, data: string | Uint8Array, options?: RecordFileOptions) {
  const problems = new RecordProblems()
  const records: unknown[] = []
  const places: string[] = []
  for await (const { fields, where } of recordFile(memoryStorage({ [file]: data }), file, options).records(problems)) {
    records.push(fields)
    places.push(where.replace('memory:', ''))
  }
  return { records, places, problems: problems.first.map(text => text.replace('memory:', '')) }
}

describe('JSONL', () => {
  it('reads a record from each line and counts what is none', async () => {
    const { records, places, problems } = await read('a.jsonl', '{"a":1}\r\n\n{"a":\n[1]\n{"a":"你好"}')
    expect(records).toEqual([{ a: 1 }, { a: '你好' }])
    expect(places).toEqual(['a.jsonl, line 1', 'a.jsonl, line 5'])
    expect(problems).toEqual([
      expect.stringMatching(/^a\.jsonl, line 3: expected JSON, received "{\\"a\\":" \(/),
      'a.jsonl, line 4: expected an object with named fields, received [1]',
    ])
  })

  it('is read packed, with a byte-order mark, in other encodings', async () => {
    expect((await read('a.jsonl.gz', gzipSync('\ufeff{"a":"é"}'))).records).toEqual([{ a: 'é' }])
    const gb = Uint8Array.of(...new TextEncoder().encode('{"a":"'), 0xc4, 0xe3, ...new TextEncoder().encode('"}'))
    expect((await read('a.ndjson', gb, { encoding: 'gb18030' })).records).toEqual([{ a: '你' }])
  })
})

describe('JSON', () => {
  it.each([
    ['an array', '[{"a": 1},\n {"a": "]}\\"{"}\n]\n', ['line 1', 'line 2']],
    ['an array in an object', '{"version": 2, "data": [{"a": 1}, {"a": "]}\\"{"}]}', ['data, row 1', 'data, row 2']],
    ['objects one after another', '{"a": 1}\n{\n"a": "]}\\"{"}', ['line 1', 'line 2']],
  ])('reads %s', async (_, text, places) => {
    const found = await read('a.json', text)
    expect(found.records).toEqual([{ a: 1 }, { a: ']}"{' }])
    expect(found.places).toEqual(places.map(place => `a.json, ${place}`))
  })

  it('takes a conversation alone for a record', async () => {
    expect((await read('a.json', '{"messages": [{"role": "user"}]}')).records).toHaveLength(1)
  })

  it('counts elements that are no records', async () => {
    const { records, problems } = await read('a.json', '[{"a": 1}, 5,\ntrue\n, {"a" 2}, "b"]')
    expect(records).toEqual([{ a: 1 }])
    expect(problems.map(problem => problem.slice(0, 35))).toEqual([
      'a.json, line 1: expected an object ',
      'a.json, line 2: expected an object ',
      'a.json, line 3: expected JSON, rece',
      'a.json, line 3: expected an object ',
    ])
  })

  it.each([
    ['[{"a": 1}, {"a": 2}', 'line 1 expected "]" at the end of the array. Received the end of the file.'],
    ['[{"a": 1},\n {"a": ', 'line 2 expected the end of the value of line 2. Received the end of the file.'],
    ['[{"a": [1}]', 'line 1 expected brackets that fit. Received "}" in a value of line 1.'],
    ['{"a": [{}], "b": [{}]}', 'expected one array of records. Received "a", "b".'],
  ])('refuses %s', async (text, message) => {
    await expect(read('a.json', text)).rejects.toThrow(message)
  })

  it('finds the same in chunks of any length', async () => {
    const elements = Array.from({ length: 20 }, (_, i) => ({ id: i, text: `"${'\\"]}'.repeat(i)}你` }))
    const text = `\n[${elements.map(element => JSON.stringify(element)).join(' ,\n')}]`
    const { jsonRecords } = await import('./json-records.ts')
    for (const size of [1, 2, 3, 7, 1000]) {
      const chunks = async function* () {
        for (let i = 0; i < text.length; i += size) yield text.slice(i, i + size)
      }
      const found = []
      for await (const { fields, where } of jsonRecords({ name: 'x', chunks }).records(new RecordProblems()))
        found.push([fields, where])
      expect(found).toEqual(elements.map((element, i) => [element, `x, line ${i + 2}`]))
    }
  })
})

describe('tables', () => {
  it('reads quoted cells with commas, line breaks and quotes, and names lines', async () => {
    const { records, places } = await read('a.csv', '\ufefftext,label\r\n"one, ""1""\ntwo",x\n\n三,y\n')
    expect(records).toEqual([
      { text: 'one, "1"\ntwo', label: 'x' },
      { text: '三', label: 'y' },
    ])
    expect(places).toEqual(['a.csv, line 2', 'a.csv, line 5'])
  })

  it('counts rows with too many cells, and quotes that go wrong', async () => {
    const { records, problems } = await read('a.csv', 'text,label\na\nb,1,2\n"c" d,3\ne,4\n"open,5\n')
    expect(records).toEqual([{ text: 'e', label: '4' }])
    expect(problems).toEqual([
      'a.csv, line 2: expected 2 cells, as the header has, received 1: ["a"]',
      'a.csv, line 3: expected 2 cells, as the header has, received 3: ["b","1","2"]',
      expect.stringContaining('a.csv, line 4: expected cells of a table, received'),
      expect.stringContaining('a.csv, line 6: expected cells of a table, received'),
    ])
  })

  it.each([
    ['a quote inside of a cell', 'film ",1'],
    ['a cell that nothing closes', '"film,1'],
    ['a cell that a later one closes', '"film,1\n"b",2'],
    ['a cell with more after it', '"fi"lm,1'],
  ])('loses one row by %s', async (_, wrong) => {
    const good = Array.from({ length: 2000 }, (_, i) => (i % 3 === 0 ? `"a, ${i}\n""x""",${i}` : `a${i},${i}`))
    const lines = ['text,label', ...good.slice(0, 1001), wrong, ...good.slice(1001)]
    const { records, problems } = await read('a.csv', lines.join('\n'))
    const line = lines.slice(0, 1002).join('\n').split('\n').length + 1
    expect(problems).toEqual([expect.stringContaining(`line ${line}: expected cells of a table`)])
    const rows = records as readonly { text: string; label: string }[]
    const labels = rows.filter(({ text }) => text.startsWith('a')).map(({ label }) => label)
    expect(labels).toEqual(good.map((_, i) => String(i)))
  })

  it('takes quotes in a table with tabs as they are, unless told', async () => {
    const tsv = 'text\tlabel\n"Oh" he said\tx\n'
    expect((await read('a.tsv', tsv)).records).toEqual([{ text: '"Oh" he said', label: 'x' }])
    const quoted = await read('a.tsv', 'text\tlabel\n"a\tb\nc"\tx\n', { quotes: true })
    expect(quoted.records).toEqual([{ text: 'a\tb\nc', label: 'x' }])
  })

  it('counts lines through many rows', async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => (i % 7 === 0 ? `"${i}\n",x` : `${i},x`))
    const { places, records } = await read('a.csv', `text,label\n${rows.join('\n')}`)
    expect(records).toHaveLength(5000)
    const lines = rows.slice(0, -1).reduce((sum, row) => sum + row.split('\n').length, 0)
    expect(places.at(-1)).toBe(`a.csv, line ${2 + lines}`)
  })

  it('refuses a header with a name twice', async () => {
    await expect(read('a.csv', 'a,a\n1,2')).rejects.toThrow('line 1 expected a different name for each column')
  })
})

describe('Parquet', () => {
  const messages = [
    { role: 'user', content: 'What is 2 + 2?' },
    { role: 'assistant', content: '4' },
  ]

  it.each(['snappy', 'gzip', 'zstd'])('reads %s with nested messages, as pyarrow wrote it', async codec => {
    const source = recordFile(goldens, `${codec}.parquet`) as ParquetSource
    const problems = new RecordProblems()
    const records = await all(source.records(problems))
    expect(await source.columns!()).toEqual(['id', 'messages', 'score', 'note'])
    expect(await source.groups()).toEqual([3, 3, 1])
    expect(records).toHaveLength(7)
    expect(records[0].fields).toEqual({ id: 1, messages, score: 0.5, note: null })
    expect(records[1].fields).toEqual({
      id: 2,
      messages: [{ role: 'user', content: '你好' }, { role: 'assistant', content: '你好！\n有什么事？' }, ...messages],
      score: 1,
      note: '注',
    })
    expect(records[3].where).toBe(`${goldens.locate(`${codec}.parquet`)}, row 4`)
    expect(problems.count).toBe(0)
  })

  it('reads integers that no number holds as their digits', async () => {
    const problems = new RecordProblems()
    const records = await all(recordFile(goldens, 'large-integers.parquet').records(problems))
    expect(records.map(({ fields }) => fields)).toEqual([{ id: 2 ** 53 - 1 }, { id: '9007199254740993' }])
    expect(problems.count).toBe(0)
  })

  it('refuses what is no Parquet, and gzip of it', async () => {
    await expect(read('a.parquet', 'no')).rejects.toThrow('a.parquet expected a Parquet file. Received')
    await expect(read('a.parquet.gz', 'no')).rejects.toThrow('expected Parquet as it is')
  })
})

test('a file of another kind is refused', async () => {
  await expect(read('a.docx', '')).rejects.toThrow('a.docx expected a file of records: .jsonl, .ndjson, .json, .csv')
})

test('files are opened by their paths', async () => {
  const source = await openRecords(goldens.locate('snappy.parquet'))
  expect(await all(source.records(new RecordProblems()))).toHaveLength(7)
  await expect(openRecords('/no/such.jsonl')).rejects.toThrow('/no/such.jsonl expected a file that exists')
})

test('problems are counted in all and named for the first', () => {
  const problems = new RecordProblems()
  for (let line = 1; line <= 7; line++) problems.add(`a.jsonl, line ${line}`, 'JSON', '"x"')
  expect(() => problems.check('a.jsonl')).toThrow(
    /received 7 problems:\n {2}a\.jsonl, line 1: .*\n(.*\n){4} {2}and 2 more/i,
  )
  expect(() => new RecordProblems().check('a.jsonl')).not.toThrow()
})
