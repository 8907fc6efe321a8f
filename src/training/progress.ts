/** How a training looks to people: one line that is drawn again and again on a terminal, plain lines elsewhere. */
import type { MeasuredStep, MeasuredValidation, StartEvent } from './run.ts'

const count = (value: number): string => Math.round(value).toLocaleString('en-US')

/** `2:05` or `1:02:05`. */
export function clock(seconds: number): string {
  const rounded = Math.max(0, Math.round(seconds))
  const [hours, minutes] = [Math.floor(rounded / 3600), Math.floor(rounded / 60) % 60]
  const tail = String(rounded % 60).padStart(2, '0')
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${tail}` : `${minutes}:${tail}`
}

/** A bar of a width in characters. */
export function bar(share: number, width: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * width)
  return '━'.repeat(full) + '─'.repeat(width - full)
}

export function startLines(event: StartEvent): string[] {
  const { model, parameters, vocabulary, trainTokens, shards, validationTokens, from, steps, matmulFlops, matmulRate } =
    event
  const { teacherParameters, leftOut = 0 } = event
  return [
    `${model}: ${count(parameters)} parameters, vocabulary ${count(vocabulary)}`,
    trainTokens === undefined
      ? `text: ${count(shards ?? 0)} files, read as they come, ${count(validationTokens)} tokens held out`
      : `text: ${count(trainTokens)} tokens to learn from, ${count(validationTokens)} held out`,
    ...(leftOut > 0
      ? [`${count(leftOut)} ${leftOut === 1 ? 'pair is' : 'pairs are'} longer than the context and left out`]
      : []),
    ...(teacherParameters === undefined ? [] : [`teacher: ${count(teacherParameters)} parameters`]),
    ...(matmulFlops > 0 ? [workLine(matmulFlops, matmulRate)] : []), // unknown before the first bucket
    from > 0 ? `resumed at step ${count(from)} of ${count(steps)}` : `${count(steps)} steps`,
  ]
}

function workLine(flops: number, rate: number): string {
  return `work: ${(flops / 1e9).toFixed(1)} GFLOP of matrix products a step; this machine does ${(rate / 1e9).toFixed(0)} GFLOP/s on large ones`
}

/** Loss, rate and remaining time of a step; averages come from the caller. */
export function stepLine(event: MeasuredStep, steps: number, secondsLeft: number): string {
  const { step, loss, bitsPerByte, tokensPerSecond, matmulShare } = event
  return [
    `step ${count(step)}/${count(steps)}`,
    `loss ${loss.toFixed(3)}`,
    `${bitsPerByte.toFixed(3)} bits/byte`,
    `${count(tokensPerSecond)} tokens/s`,
    `${Math.round(100 * matmulShare)} % of matmul`,
    `${clock(secondsLeft)} left`,
  ].join('  ')
}

export function validationLine({ step, loss, bitsPerByte, best, whole }: MeasuredValidation): string {
  const extent = whole ? 'all held-out text' : 'validation'
  return `step ${count(step)}: ${extent}: loss ${loss.toFixed(4)}, perplexity ${Math.exp(loss).toFixed(2)}, ${bitsPerByte.toFixed(3)} bits/byte${best ? ' (best)' : ''}`
}

/** Averages over the steps just done, so that the line does not flicker. */
export class Pace {
  #tokensPerSecond = 0
  #share = 0
  #durationMs = 0

  /** The event with smoothed rates, and the seconds that are left. */
  smooth(event: MeasuredStep, steps: number): { event: MeasuredStep; secondsLeft: number } {
    const weight = this.#durationMs === 0 ? 1 : 0.05
    this.#durationMs += weight * (event.durationMs - this.#durationMs)
    this.#tokensPerSecond += weight * (event.tokensPerSecond - this.#tokensPerSecond)
    this.#share += weight * (event.matmulShare - this.#share)
    const smoothed = { ...event, tokensPerSecond: this.#tokensPerSecond, matmulShare: this.#share }
    return { event: smoothed, secondsLeft: ((steps - event.step) * this.#durationMs) / 1000 }
  }
}
