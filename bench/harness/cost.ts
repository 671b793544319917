import type { Load } from './load.ts'
import type { Program } from './program.ts'

export interface Cost {
  readonly load: Load
  readonly perSecond: number
  /** Processor time of the program for each request, all of its threads. Moves to other machines better than rates do. */
  readonly cpuMicroseconds: number
}

/** A run, and what it cost the program it went through. */
export async function costOf(
  program: Program | undefined,
  run: () => Promise<Load>,
): Promise<Cost> {
  const before = program?.cpuSeconds() ?? 0
  const load = await run()
  const used = (program?.cpuSeconds() ?? 0) - before
  return {
    load,
    perSecond: load.requests / load.seconds,
    cpuMicroseconds: (used * 1e6) / load.requests,
  }
}
