import type { Clock } from '../../platform/lib/clock.ts'
import { type EarlierReading, MAX_JUMP_MS } from '../../platform/revocation/index.ts'
import { VARIABLES } from './messages.ts'

/**
 * Clock of this machine as the process that starts others follows it: small corrections are followed, a jump is not. So a process that
 * is started after a jump notices it, and one that is started after months of small corrections starts.
 */
export class FollowedClock {
  readonly #clock: Clock
  #reading: EarlierReading | undefined

  constructor(clock: Clock) {
    this.#clock = clock
    this.#reading = this.#now()
  }

  /** Takes a reading, unless the clock jumped since the last one. */
  follow(): void {
    const [last, now] = [this.#reading, this.#now()]
    if (!last || !now) return
    const jump = now.wall - last.wall - (now.sinceBoot - last.sinceBoot)
    if (Math.abs(jump) <= MAX_JUMP_MS) this.#reading = now
  }

  /** Environment that tells a process the last reading; empty where nothing counts the time since this machine started. */
  variable(): Readonly<Record<string, string>> {
    const { wall, sinceBoot } = this.#reading ?? {}
    return wall === undefined ? {} : { [VARIABLES.clock]: `${wall} ${sinceBoot}` }
  }

  #now(): EarlierReading | undefined {
    const sinceBoot = this.#clock.sinceBoot?.()
    return sinceBoot === undefined ? undefined : { wall: this.#clock.now(), sinceBoot }
  }
}

/** Reads what `FollowedClock` wrote. */
export function earlierReading(text: string | undefined): EarlierReading | undefined {
  const [wall, sinceBoot] = (text ?? '').split(' ').map(Number)
  return wall === undefined || sinceBoot === undefined ? undefined : { wall, sinceBoot }
}
