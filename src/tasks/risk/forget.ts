import type { Clock } from '../../platform/lib/clock.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { purgeRiskHistory } from './books-store.ts'
import { forgetSignals } from './reported-signals/signal-store.ts'
import { dayOf } from './usual-sizes.ts'

/**
 * Time after which an unused habit is forgotten, half a year; the next such act is a first time
 * again.
 */
const HABITS_MS = 180 * DAY
/** The days of the median, today, and one more for those whose clock is behind. */
const SIZES_DAYS = 32

/** Erases rows that are too old to count, and signals that have expired. Answers how many rows. */
export async function forgetRisk(parts: {
  readonly storage: Storage
  readonly clock: Clock
}): Promise<number> {
  const now = parts.clock.now()
  return parts.storage.transaction(async (tx) => {
    const before = { habitsAt: now - HABITS_MS, sizesDay: dayOf(now) - SIZES_DAYS }
    return (await purgeRiskHistory(tx, before)) + (await forgetSignals(tx, now))
  })
}
