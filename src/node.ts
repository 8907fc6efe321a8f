/** The door for Node: what the neutral root leaves to the host. */
export { fetchDataset, openRecords, openShards, openText, openTokens } from './data/node.ts'
export { type NodeRuntimeOptions, nodeRuntime } from './runtime/node.ts'
export { nodeStorage } from './storage/node.ts'
export { jiebaSegmenter } from './tokenizers/node.ts'
export { threadedCrew } from './training/word2vec/node.ts'
