import type { Command } from './command.ts'
import { openVectors, vectorsArgument } from './open-vectors.ts'
import { neighbourOptions, printNeighbours } from './similar.ts'

/** How an analogy is completed. */
export const ruleOption = {
  type: 'choice',
  choices: ['add', 'multiply'],
  default: 'add',
  help: 'add: cos b - cos a + cos c (3CosAdd); multiply: cos b x cos c / cos a (3CosMul)',
} as const

const options: typeof neighbourOptions & { readonly rule: typeof ruleOption } = {
  ...neighbourOptions,
  rule: ruleOption,
}

export const command: Command<typeof options> = {
  arguments: [
    vectorsArgument,
    { name: 'A', help: 'for example man' },
    { name: 'B', help: 'for example king' },
    { name: 'C', help: 'for example woman' },
  ],
  options,
  examples: ['nacre analogy runs/vectors man king woman'],
  async run({ arguments: [path, a, b, c], options: given, json, report, print }) {
    const neighbours = (await openVectors(path, given)).analogy([a, b, c], given)
    if (json) report({ type: 'analogy', words: [a, b, c], rule: given.rule, neighbours }, '')
    print(`${a} is to ${b} as ${c} is to`)
    printNeighbours(neighbours, print)
  },
}
