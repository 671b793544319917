import type { Server } from '../server.ts'
import { untilSignal } from './until-signal.ts'

/** `EX_IOERR` of sysexits.h. */
const LOST = 74

/**
 * Runs until it is told to stop, and stops in order. A server that can never write again ends at once: whatever supervises it
 * starts it anew, and there is nothing to stop in order, because nothing can be written.
 */
export async function untilEnded(server: Pick<Server, 'lost' | 'stop'>): Promise<void> {
  const ended = await Promise.race([untilSignal(), server.lost])
  if (ended instanceof Error) {
    process.stderr.write(`Remit ends: ${ended.message}\n`)
    process.exit(LOST)
  }
  process.stderr.write('Stopping …\n')
  await server.stop()
}
