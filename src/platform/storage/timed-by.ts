import { sql } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { Storage } from './storage.ts'

/** Wraps a store so that its database time is this clock: for tests that move it. */
export function timedBy(storage: Storage, clock: Pick<Clock, 'now'>): Storage {
  const now = async () => clock.now()
  const { renewal, revocation } = storage.lanes
  return {
    ...storage,
    now,
    nowAtHand: () => clock.now(),
    time: () => sql<number>`CAST(${clock.now()} AS BIGINT)`,
    lanes: { renewal: { ...renewal, now }, revocation: { ...revocation, now } },
  }
}
