#!/usr/bin/env node
import { createRequire } from 'node:module'
import type { WriteStream } from 'node:tty'
import { type Host, runCommandLine, type Sink } from './command.ts'
import { commands } from './commands.ts'

function sink(stream: WriteStream): Sink {
  // A reader that has seen enough, as in `nacre data list | head -1`, is no failure.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
  return {
    get isTerminal() {
      return stream.isTTY === true // undefined for a pipe, whatever its type says
    },
    get columns() {
      return stream.columns ?? 100
    },
    write(text) {
      stream.write(text)
    },
  }
}

const host: Host = {
  version: createRequire(import.meta.url)('nacre/package.json').version,
  environment: process.env,
  stdout: sink(process.stdout),
  stderr: sink(process.stderr),
  onInterrupt(listener) {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, listener)
  },
}

process.exitCode = await runCommandLine(process.argv.slice(2), commands, host)
