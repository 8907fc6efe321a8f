/** Documents that are held out of shards for good, wherever they come: whether one is, its own text decides. */

/**
 * Whether a document is held out. Equal texts stand on one side, whatever shard they are in.
 * @param share - of all documents, from 0 to 1
 */
export const isHeldOut = (text: string, share: number): boolean => hashOf(text) < share * 2 ** 32

/** FNV-1a over the code units, with the last step of MurmurHash3, so that all bits depend on all of the text. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
