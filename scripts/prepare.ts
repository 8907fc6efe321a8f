/** Builds `dist/` after an install in a checkout, so that `npx nacre` works; a package from the registry ships it built. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

if (existsSync('tsconfig.build.json')) {
  const tsc = spawnSync('node_modules/.bin/tsc', ['-p', 'tsconfig.build.json'], {
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  process.exitCode = tsc.status ?? 1
}
