#!/usr/bin/env node
import { createRequire } from 'node:module'
import type { WriteStream } from 'node:tty'
import { OptionError } from '../base/errors.ts'
import { type Host, runCommandLine, type Sink } from './command.ts'
import { commands } from './commands.ts'

/** What Ctrl-C calls, once a command listens. */
let interrupt: (() => void) | undefined

function sink(stream: WriteStream): Sink {
  let isOpen = true
  // A reader that has seen enough, as in `nacre data list | head -1`, is no failure. A training saves and stops.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    if (interrupt === undefined) process.exit(0)
    if (isOpen) interrupt()
    isOpen = false
  })
  return {
    get isTerminal() {
      return stream.isTTY === true // undefined for a pipe, whatever its type says
    },
    get columns() {
      return stream.columns ?? 100
    },
    write(text) {
      if (isOpen) stream.write(text)
    },
  }
}

const host: Host = {
  version: createRequire(import.meta.url)('nacre/package.json').version,
  environment: process.env,
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  onInterrupt(listener) {
    interrupt = listener
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, listener)
  },
}

/** ONNX Runtime reads the command line in a way that ends the process where it is longer, in bytes. */
const longestLine = 40_000

const typed = process.argv.reduce((sum, word) => sum + Buffer.byteLength(word) + 1, 0)
if (typed <= longestLine) process.exitCode = await runCommandLine(process.argv.slice(2), commands, host)
else {
  const expected = `at most ${longestLine.toLocaleString('en-US')} bytes`
  const hint = 'Give a long text in a file or by the standard input, many files in several calls (xargs).'
  const received = typed.toLocaleString('en-US')
  const { name, message } = new OptionError({ what: 'The command line', expected, received, hint })
  host.stderr.write(`${name}: ${message}\n`)
  process.exitCode = 2
}
