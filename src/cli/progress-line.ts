import { bar } from '../training/progress.ts'
import type { CommandContext } from './command.ts'

/** A line of a terminal that is drawn again and again, and gives way to what is said; elsewhere it is not drawn. */
export class ProgressLine {
  /** Whether there is somebody to draw for. */
  readonly isDrawn: boolean
  readonly #context: Pick<CommandContext, 'host' | 'json' | 'print'>
  #isOpen = false

  constructor(context: Pick<CommandContext, 'host' | 'json' | 'print'>) {
    this.isDrawn = context.host.stdout.isTerminal && !context.json
    this.#context = context
  }

  /** @param share - of the work that is done, from 0 to 1 */
  draw(share: number, text: string): void {
    const { columns } = this.#context.host.stdout
    const width = Math.max(0, Math.min(24, columns - text.length - 4))
    this.#context.host.stdout.write(`\r\x1b[K${bar(share, width)} ${text}`.slice(0, columns + 4))
    this.#isOpen = true
  }

  say(text: string): void {
    this.clear()
    this.#context.print(text)
  }

  clear(): void {
    if (this.#isOpen) this.#context.host.stdout.write('\r\x1b[K')
    this.#isOpen = false
  }
}
