import type { Server } from '../../server.ts'

/** `EX_IOERR` of sysexits.h. */
const LOST = 74

/**
 * Runs until it is told to stop, and stops in order. A server that can never write again ends at once: whatever supervises it
 * starts it again, and there is nothing to stop in order, because nothing can be written.
 */
export async function untilEnded(
  server: Pick<Server, 'lost' | 'stop'>,
  signalled: Promise<NodeJS.Signals> = untilSignal(),
): Promise<void> {
  const ended = await Promise.race([signalled, server.lost])
  if (ended instanceof Error) {
    process.stderr.write(`Remit ends: ${ended.message}\n`)
    process.exit(LOST)
  }
  process.stderr.write('Stopping …\n')
  endWithin(STOPPING_LIMIT_MS)
  // Something that hangs must not keep a process alive that serves no request.
  process.exit((await server.stop()) ? 0 : 1)
}

/** Shorter than what supervisors wait before they kill. */
const STOPPING_LIMIT_MS = 25_000

function endWithin(ms: number): void {
  setTimeout(() => {
    process.stderr.write(`Not everything could be let go of within ${ms / 1000} s.\n`)
    process.exit(1)
  }, ms).unref()
}

/** Waits for SIGINT or SIGTERM. A second one while stopping ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let asked = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(130)
        asked = true
        resolve(signal)
      })
    }
  })
}
