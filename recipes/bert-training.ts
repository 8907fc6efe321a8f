/** How the recipes of BERT pre-train it: they go on where they were killed. */
import {
  type BertRunOptions,
  loadBertFolder,
  loadBertTokenizer,
  readMetrics,
  type SavedBERT,
  settleBertOptions,
  type TextSource,
  trainBertRun,
  trainWordPiece,
} from '../src/index.ts'
import type { RecipeContext } from './recipe.ts'
import { wasBegun } from './resume.ts'

export interface BertPreTraining {
  /** Documents with empty lines between them; the last of them are held out. */
  readonly text: TextSource
  readonly options: Partial<BertRunOptions>
  /** Characters of the vocabulary; rarer ones are unknown. */
  readonly alphabet: number
}

/** A BERT that has learned a text, and how many masked tokens of all that is held out it fills in, in percent. */
export async function preTrainBert(
  { seed, runtime, print, signal, folder }: RecipeContext,
  { text, options, alphabet }: BertPreTraining,
): Promise<SavedBERT & { readonly maskAccuracy: number }> {
  const storage = folder('base')
  const settled = settleBertOptions({ ...options, seed })
  const resume = await wasBegun(storage, settled)
  const tokenizer =
    resume && (await storage.exists('tokenizer.json'))
      ? await loadBertTokenizer(storage)
      : await trainWordPiece(text.chunks(), { vocabularySize: settled.vocabulary, alphabetSize: alphabet })
  const run = trainBertRun({ storage, options: { ...settled, resume }, runtime, text, tokenizer, signal })
  for await (const event of run) {
    if (event.type === 'start') {
      const [parameters, tokens] = [event.parameters, event.trainTokens].map(count => count.toLocaleString('en-US'))
      print(`bert: ${parameters} parameters, ${tokens} tokens to learn from`)
    }
    if (event.type !== 'validation') continue
    const [words, pairs] = [event.maskAccuracy, event.nextAccuracy].map(share => (100 * share).toFixed(1))
    print(`base, step ${event.step}: ${words} % of masked tokens, ${pairs} % of pairs`)
  }
  signal?.throwIfAborted()
  const whole = (await readMetrics(storage)).findLast(({ type, whole }) => type === 'validation' && whole === true)
  return { ...(await loadBertFolder(storage)), maskAccuracy: 100 * Number(whole?.maskAccuracy) }
}
