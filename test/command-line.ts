import { type Host, runCommandLine } from '../src/cli/command.ts'
import { commands } from '../src/cli/commands.ts'

/**
 * Runs `nacre` with these words, and keeps what it prints.
 * @param stopAfter - interrupts at the first line that contains it
 */
export async function nacre(
  words: readonly string[],
  stopAfter?: string,
): Promise<{ code: number; stdout: string; stderr: string }> {
  const out = { code: 0, stdout: '', stderr: '' }
  let interrupt = () => {}
  const sink = (name: 'stdout' | 'stderr') => ({
    isTerminal: false,
    columns: 100,
    write(text: string) {
      out[name] += text
      if (stopAfter !== undefined && text.includes(stopAfter)) interrupt()
    },
  })
  const host: Host = {
    ...{ version: '0', environment: {}, stdout: sink('stdout'), stderr: sink('stderr') },
    onInterrupt(listener) {
      interrupt = listener
    },
  }
  out.code = await runCommandLine(words, commands, host)
  return out
}
