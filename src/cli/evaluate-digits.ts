import { digitVectors } from '../data/mnist.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { Storage } from '../storage/storage.ts'
import type { ClassifierScore } from '../training/classifier.ts'
import { openDigitClassifier } from './classify-digit.ts'
import type { CommandContext } from './command.ts'
import { openDigits } from './open-digits.ts'

/** `nacre evaluate` of a multi-layer perceptron: the test digits, and which are taken for which. */
export async function evaluateDigits(
  storage: Storage,
  runtime: Runtime,
  { data = 'mnist', mirror }: { readonly data?: string; readonly mirror?: string },
  { host, json, note, print, report }: Pick<CommandContext, 'host' | 'json' | 'note' | 'print' | 'report'>,
): Promise<void> {
  const { scorer, feeds, labels } = await openDigitClassifier(storage, runtime, 500)
  const { name, test } = await openDigits({ data, mirror }, { environment: host.environment, note })
  const examples = digitVectors(test)
  const score = await scorer.score(feeds, examples)
  const table = confusion(score, examples.labels, labels.length)
  const { loss, errorRate } = score
  if (json) report({ type: 'evaluation', data: name, digits: test.count, errorRate, loss, confusion: table }, '')
  print(`${name}: ${test.count.toLocaleString('en-US')} test digits`)
  print(`error  ${(100 * errorRate).toFixed(2)} %`)
  print(`loss   ${loss.toFixed(4)} nats per digit`)
  print('\nEach row: a digit, and what it was taken for.')
  const cells = [
    ['', ...labels],
    ...table.map((row, label) => [labels[label], ...row.map(n => (n === 0 ? '·' : `${n}`))]),
  ]
  const width = Math.max(...cells.flat().map(cell => cell.length)) + 1
  for (const row of cells) print(row.map(cell => cell.padStart(width)).join(''))
}

/** How many examples of each class (row) were taken for each class (column). */
function confusion({ predictions }: ClassifierScore, labels: ArrayLike<number>, classes: number): number[][] {
  const table = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (let i = 0; i < predictions.length; i++) table[labels[i]][predictions[i]]++
  return table
}
