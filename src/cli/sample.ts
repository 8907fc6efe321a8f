import type { SavedModel } from '../checkpoints/model-folder.ts'
import type { RunOptions } from '../training/run.ts'

export function sampler(_options: RunOptions): ((model: SavedModel) => Promise<string>) | undefined {
  return undefined
}
