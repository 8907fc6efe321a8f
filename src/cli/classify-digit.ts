import { basename, dirname, resolve } from 'node:path'
import { CheckpointError } from '../base/errors.ts'
import { loadClassifierFolder, multiLayerPerceptronArchitecture } from '../checkpoints/classifier-folder.ts'
import { digitOf } from '../data/digit-picture.ts'
import { digitSize } from '../data/mnist.ts'
import { readDrawing, readPng } from '../data/picture.ts'
import { weightFeeds } from '../nn/parameters.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { nodeStorage } from '../storage/node.ts'
import { readText, type Storage } from '../storage/storage.ts'
import { type ClassifierScorer, classifierScorer } from '../training/classifier.ts'
import type { Feeds } from '../training/fit.ts'
import type { ClassifierKind } from './classify.ts'

/** A multi-layer perceptron that reads pictures of digits. */
export const open: ClassifierKind = async (storage, runtime) => {
  const { labels, feeds, scorer } = await openDigitClassifier(storage, runtime, 1)
  return {
    labels,
    classify: async input => {
      const pixels = digitOf(input, await readPicture(input))
      return { probabilities: await scorer.probabilities(feeds, pixels), picture: shaded(pixels) }
    },
  }
}

/** @param rows - digits at once */
export async function openDigitClassifier(
  storage: Storage,
  runtime: Runtime,
  rows: number,
): Promise<{ readonly labels: readonly string[]; readonly feeds: Feeds; readonly scorer: ClassifierScorer }> {
  const { model, weights, labels } = await loadClassifierFolder(storage, multiLayerPerceptronArchitecture)
  const { inputs, outputs } = model.configuration
  if (inputs !== digitSize * digitSize || outputs !== labels.length) {
    const expected = `${digitSize * digitSize} inputs, and a label for each output`
    const received = `${inputs} inputs, ${outputs} outputs, ${labels.length} labels`
    throw new CheckpointError({ what: storage.locate('config.json'), expected, received })
  }
  return { labels, feeds: weightFeeds(model, weights), scorer: await classifierScorer(model, runtime, inputs, rows) }
}

/** A PNG file, or a drawing in a text file. */
async function readPicture(path: string) {
  const absolute = resolve(path)
  const storage = nodeStorage(dirname(absolute))
  const name = basename(absolute)
  if (/\.txt$/i.test(name)) return readDrawing(path, await readText(storage, name))
  return readPng(path, await storage.read(name))
}

/** Pixels as shades, two characters wide, so that they are square on a terminal. */
function shaded(pixels: Float32Array): string {
  const lines: string[] = []
  for (let y = 0; y < digitSize; y++) {
    const row = Array.from(pixels.subarray(y * digitSize, (y + 1) * digitSize))
    const line = row.map(value => ' ░▒▓█'[Math.min(4, Math.round(4 * value))].repeat(2)).join('')
    lines.push(`  │${line}│`)
  }
  const edge = '─'.repeat(2 * digitSize)
  return [`  ┌${edge}┐`, ...lines, `  └${edge}┘`].join('\n')
}
