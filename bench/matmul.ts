/** The machine's rate on a large matrix product through ONNX Runtime: prints {"gflops": ...}. */
import { nodeRuntime } from '../src/runtime/node.ts'
import { measureMatmulRate } from '../src/training/matmul-rate.ts'

const gflops = (await measureMatmulRate(nodeRuntime({ threads: 2 }), 12)) / 1e9
console.log(JSON.stringify({ name: 'matmul 1536³', gflops: Math.round(gflops) }))
