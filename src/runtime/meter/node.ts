/**
 * What this process uses, read from the operating system: time on the cores, and where the kernel shows them, the energy
 * counters of the processors (RAPL, https://docs.kernel.org/power/powercap/powercap.html). Nothing is estimated.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpuUsage } from 'node:process'
import type { Meter, Usage } from '../runtime.ts'

/** An energy counter: whole machine, all processes. */
interface Counter {
  readonly name: string
  readonly file: string
  /** Microjoules at which it begins again at zero. */
  readonly range: number
  last: number
  joules: number
}

const powercapFolder = '/sys/class/powercap'

/**
 * Reads `process.cpuUsage` and RAPL. A counter that begins again (after some 260 kJ) is followed as long as it is read more
 * often than that.
 * @param powercap - the kernel's folder of energy counters
 */
export function nodeMeter(powercap: string = powercapFolder): Meter {
  const counters = openCounters(powercap)
  return {
    matmulFlops: 0,
    usage: () => {
      const { user, system } = cpuUsage()
      const coreSeconds = (user + system) / 1e6
      return { coreSeconds, ...(typeof counters === 'string' ? { joulesAbsent: counters } : readAll(counters)) }
    },
  }
}

/** The counters that together hold the machine's energy once: its packages, and memory, which lies beside them. */
function openCounters(powercap: string): Counter[] | string {
  const number = (file: string): number => Number(readFileSync(file, 'utf8'))
  try {
    const folders = readdirSync(powercap).filter(name => /^intel-rapl:\d+(:\d+)?$/.test(name)) // AMD's too
    const counters: Counter[] = []
    for (const folder of folders) {
      const name = readFileSync(join(powercap, folder, 'name'), 'utf8').trim()
      if (!/^(package|dram)/.test(name)) continue // cores lie in their package, psys holds everything again
      const file = join(powercap, folder, 'energy_uj')
      const range = number(join(powercap, folder, 'max_energy_range_uj'))
      counters.push({ name: `${folder} ${name}`, file, range, last: number(file), joules: 0 })
    }
    return counters.length > 0 ? counters : `no energy counter under ${powercap}`
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'EACCES' || code === 'EPERM') return `the energy counters under ${powercap} may not be read`
    return `no energy counter under ${powercap}`
  }
}

function readAll(counters: readonly Counter[]): Pick<Usage, 'joules' | 'joulesAbsent'> {
  try {
    for (const counter of counters) {
      const now = Number(readFileSync(counter.file, 'utf8'))
      const moved = now - counter.last
      counter.joules += (moved < 0 ? moved + counter.range : moved) / 1e6
      counter.last = now
    }
  } catch (error) {
    return { joulesAbsent: `an energy counter could no longer be read: ${(error as Error).message}` }
  }
  return { joules: Object.fromEntries(counters.map(({ name, joules }) => [name, joules])) }
}
