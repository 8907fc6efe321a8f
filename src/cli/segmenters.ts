import type { Storage } from '../storage/storage.ts'
import { readText } from '../storage/storage.ts'
import { jiebaSegmenter } from '../tokenizers/node.ts'
import type { Segmenter } from '../tokenizers/segmenter.ts'

/** The segmenters that need a host and for which a folder's file asks: jieba's dictionary is not read without need. */
export async function segmentersOf(storage: Storage, file: string): Promise<Segmenter[]> {
  const asks = (await storage.exists(file)) && (await readText(storage, file)).includes('"segmenter": "jieba"')
  return asks ? [await jiebaSegmenter()] : []
}
