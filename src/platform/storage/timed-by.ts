import { sql } from 'kysely'
import type { Clock } from '../lib/clock.ts'
import type { EngineStorage } from './storage.ts'

/** Wraps a store so that its database time is this clock: for tests that move it. */
export function timedBy<S extends EngineStorage>(storage: S, clock: Pick<Clock, 'now'>): S {
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
