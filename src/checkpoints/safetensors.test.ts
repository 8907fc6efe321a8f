import { expect, test } from 'vitest'
import { memoryStorage } from '../storage/memory.ts'
import { openSafetensors, type StoredTensor, writeSafetensors } from './safetensors.ts'

/** Written by Python's safetensors 0.8.0 (torch 2.15.0) from the tensors below. */
const golden = Uint8Array.from(
  (
    'b0010000000000007b225f5f6d657461646174615f5f223a7b22666f726d6174223a227074227d2c2269223a7b226474797065223a22493634' +
    '222c227368617065223a5b325d2c22646174615f6f666673657473223a5b302c31365d7d2c22656d707479223a7b226474797065223a22463332' +
    '222c227368617065223a5b302c335d2c22646174615f6f666673657473223a5b31362c31365d7d2c2277223a7b226474797065223a2246333222' +
    '2c227368617065223a5b322c325d2c22646174615f6f666673657473223a5b31362c33325d7d2c227363616c6172223a7b226474797065223a22' +
    '493332222c227368617065223a5b5d2c22646174615f6f666673657473223a5b33322c33365d7d2c226266223a7b226474797065223a22424631' +
    '36222c227368617065223a5b325d2c22646174615f6f666673657473223a5b33362c34305d7d2c2268223a7b226474797065223a22463136222c' +
    '227368617065223a5b335d2c22646174615f6f666673657473223a5b34302c34365d7d2c2262223a7b226474797065223a22424f4f4c222c2273' +
    '68617065223a5b335d2c22646174615f6f666673657473223a5b34362c34395d7d7d20f9ffffffffffffff00000000000100000000803f000000' +
    '4000004040000000bf03000000c03f40c0003800c0ff7b010001'
  )
    .match(/../g)!
    .map(byte => Number.parseInt(byte, 16)),
)

const tensors: readonly StoredTensor[] = [
  { name: 'w', dtype: 'F32', shape: [2, 2], data: new Float32Array([1, 2, 3, -0.5]) },
  { name: 'b', dtype: 'BOOL', shape: [3], data: new Uint8Array([1, 0, 1]) },
  { name: 'h', dtype: 'F16', shape: [3], data: new Uint16Array([0x3800, 0xc000, 0x7bff]) }, // 0.5, -2, 65504
  { name: 'bf', dtype: 'BF16', shape: [2], data: new Uint16Array([0x3fc0, 0xc040]) }, // 1.5, -3
  { name: 'i', dtype: 'I64', shape: [2], data: () => new BigInt64Array([-7n, 2n ** 40n]) },
  { name: 'empty', dtype: 'F32', shape: [0, 3], data: new Float32Array(0) },
  { name: 'scalar', dtype: 'I32', shape: [], data: async () => new Int32Array([3]) },
]

test('writes the bytes of the reference', async () => {
  const storage = memoryStorage()
  await writeSafetensors(storage, 'model.safetensors', tensors)
  expect(await storage.read('model.safetensors')).toEqual(golden)
})

test('reads the bytes of the reference', async () => {
  const file = await openSafetensors(memoryStorage({ m: golden }), 'm')
  expect(file.metadata).toEqual({ format: 'pt' })
  expect([...file.tensors.keys()]).toEqual(['i', 'empty', 'w', 'scalar', 'bf', 'h', 'b'])
  expect(file.tensors.get('w')).toMatchObject({ dtype: 'F32', shape: [2, 2], bytes: 16 })
  for (const { name, shape, data } of tensors)
    expect(await file.read(name, shape)).toEqual(typeof data === 'function' ? await data() : data)
  expect(await file.readFloat32('w', [2, 2])).toEqual(new Float32Array([1, 2, 3, -0.5]))
  expect(await file.readFloat32('h')).toEqual(new Float32Array([0.5, -2, 65504]))
  expect(await file.readFloat32('bf')).toEqual(new Float32Array([1.5, -3]))
})

test('halves: zeros, subnormals, infinities and not-a-number', async () => {
  const storage = memoryStorage()
  const bits = new Uint16Array([0x0000, 0x8000, 0x0001, 0x83ff, 0x0400, 0x7c00, 0xfc00, 0x7e00, 0x3555])
  const doubles = new Float64Array([0.1])
  await writeSafetensors(storage, 'm', [
    { name: 'h', dtype: 'F16', shape: [9], data: bits },
    { name: 'd', dtype: 'F64', shape: [1], data: doubles },
  ])
  const file = await openSafetensors(storage, 'm')
  const expected = [0, -0, 2 ** -24, -1023 * 2 ** -24, 2 ** -14, Infinity, -Infinity, Number.NaN, 0.333251953125]
  expect(await file.readFloat32('h')).toEqual(new Float32Array(expected))
  expect(await file.readFloat32('d')).toEqual(new Float32Array([0.1]))
})

test('names need not be words, and views may begin anywhere', async () => {
  const storage = memoryStorage()
  const backing = new Float32Array([9, 1, 2, 9])
  await writeSafetensors(
    storage,
    'm',
    ['10', '2', '__proto__', '权重"\\\n'].map(name => ({
      name,
      dtype: 'F32',
      shape: [2],
      data: backing.subarray(1, 3),
    })),
    {},
  )
  const file = await openSafetensors(storage, 'm')
  expect([...file.tensors.keys()]).toEqual(['10', '2', '__proto__', '权重"\\\n'])
  expect(await file.read('__proto__')).toEqual(new Float32Array([1, 2]))
})

const opened = (bytes: Uint8Array) =>
  openSafetensors(memoryStorage({ 'model.safetensors': bytes }), 'model.safetensors')

/** A file with the given header and so many bytes of data. */
function file(header: string, dataBytes = 0): Uint8Array {
  const json = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + json.length + dataBytes)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true)
  bytes.set(json, 8)
  return bytes
}

const entry = (begin: number, end: number, dtype = 'F32', shape = `[${(end - begin) / 4}]`) =>
  `{"dtype":"${dtype}","shape":${shape},"data_offsets":[${begin},${end}]}`

test('a file cut anywhere is refused', async () => {
  for (let length = 0; length < golden.length; length++)
    await expect(opened(golden.subarray(0, length))).rejects.toMatchObject({ name: 'CheckpointError' })
})

test.each([
  ['nothing', new Uint8Array(), 'expected a length in the first 8 bytes. Received a file of 0 bytes. Was the file cut'],
  [
    'a text',
    new TextEncoder().encode('once upon a time'),
    'expected a header of at most 100000000 bytes. Received 8030046917602013000. Is it a safetensors file?',
  ],
  ['a longer header', file('{}').subarray(0, 9), 'expected a header of 2 bytes. Received a file of 9 bytes. Was the'],
  ['no JSON', file('{"a":'), 'expected a header in JSON. Received'],
  ['no object', file('[]'), 'expected a header that is a JSON object. Received []. Is it a safetensors file?'],
  ['an early space', file(' {}'), 'expected a header that is a JSON object.'],
  ['a name twice', file(`{"a":${entry(0, 4)},"\\u0061":${entry(0, 4)}}`, 4), 'Received "a" twice.'],
  ['a field twice', file(`{"a":{"dtype":"F32","dtype":"F32","shape":[],"data_offsets":[0,4]}}`, 4), '"dtype" twice.'],
  ['metadata', file('{"__metadata__":{"a":1}}'), 'expected __metadata__ of texts by name. Received {"a":1}.'],
  ['no entry', file('{"a":3}'), 'Tensor "a" of memory:model.safetensors expected dtype, shape and data_offsets.'],
  ['another type', file(`{"a":${entry(0, 4, 'F12')}}`, 4), 'expected a dtype of U64, I64, F64, F32,'],
  ['an inherited type', file(`{"a":${entry(0, 4, 'toString')}}`, 4), 'Received "toString".'],
  ['no shape', file(`{"a":${entry(0, 4, 'F32', '[-1]')}}`, 4), 'expected a shape of sizes. Received [-1].'],
  [
    'no offsets',
    file('{"a":{"dtype":"F32","shape":[],"data_offsets":[4,0]}}', 4),
    'expected data_offsets [begin, end].',
  ],
  ['a wrong length', file(`{"a":${entry(0, 8, 'F32', '[3]')}}`, 8), 'expected 12 bytes for F32 [3]. Received 8.'],
  ['an absurd shape', file(`{"a":${entry(0, 4, 'F32', '[9007199254740991,9007199254740991]')}}`, 4), 'Received 4.'],
  [
    'a gap',
    file(`{"a":${entry(0, 4)},"b":${entry(8, 12)}}`, 12),
    'Tensor "b" of memory:model.safetensors expected data',
  ],
  ['an overlap', file(`{"a":${entry(0, 8)},"b":${entry(4, 12)}}`, 12), 'data from byte 8, where the tensor before it'],
  ['a late start', file(`{"a":${entry(4, 8)}}`, 8), 'expected data from byte 0, where'],
  ['missing data', file(`{"a":${entry(0, 8)}}`, 7), 'expected data up to byte 70 of the file. Received a file of 69'],
  ['more data', file(`{"a":${entry(0, 4)}}`, 5), 'as its header says. Received 67. Was something appended?'],
])('%s is refused', async (_, bytes, message) => {
  const failure = opened(bytes)
  await expect(failure).rejects.toThrow(message)
  await expect(failure).rejects.toMatchObject({
    name: 'CheckpointError',
    message: expect.stringContaining('memory:model.safetensors'),
  })
})

test('a missing, misshaped or mistyped tensor is named', async () => {
  const reader = await opened(golden)
  await expect(reader.read('empt')).rejects.toThrow(
    'memory:model.safetensors expected a tensor "empt". Received 7 others. The nearest name is "empty".',
  )
  await expect(reader.read('lm_head.weight')).rejects.toThrow('Is it the checkpoint of another model?')
  await expect(reader.read('w', [4])).rejects.toThrow(
    'Tensor "w" of memory:model.safetensors expected shape [4]. Received [2, 2].',
  )
  await expect(reader.readFloat32('i')).rejects.toThrow('expected one of F32, F16, BF16, F64. Received I64.')
})

test('what does not fit is not written', async () => {
  const storage = memoryStorage()
  const tensor: StoredTensor = { name: 'a', dtype: 'F32', shape: [2], data: new Float32Array(3) }
  await expect(writeSafetensors(storage, 'm', [tensor])).rejects.toThrow(
    'Tensor "a" of memory:m expected 8 bytes of F32 for [2]. Received 12 bytes.',
  )
  const fitting = { ...tensor, data: new Float32Array(2) }
  await expect(writeSafetensors(storage, 'm', [fitting, fitting])).rejects.toThrow(
    'every name once. Received "a" twice',
  )
  expect(await storage.list()).toEqual([])
})
