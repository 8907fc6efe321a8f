#!/usr/bin/env node
import { createRequire } from 'node:module'
import type { WriteStream } from 'node:tty'
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

process.exitCode = await runCommandLine(process.argv.slice(2), commands, host)
