/**
 * Generates docs/reproductions.md anew from docs/results, for example after the title of a measure has changed.
 *
 *     node scripts/reproductions.ts
 */
import { join } from 'node:path'
import { recipes } from '../recipes/index.ts'
import { writePage } from '../src/cli/results.ts'
import { nodeStorage } from '../src/node.ts'

const loaded = await Promise.all(recipes.map(entry => entry.load()))
await writePage(
  nodeStorage(join(import.meta.dirname, '..')),
  loaded.map(({ recipe }) => recipe),
)
