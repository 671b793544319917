/**
 * Revocation: whether everything that a grant or a call depends on still holds, on every replica,
 * by epochs, leases and acknowledged changes.
 */
export { type AbortReason, ActiveResponses } from './active-responses.ts'
export { DatabaseClock, doubtAfter, type EarlierReading, MAX_JUMP_MS } from './database-clock.ts'
export { keptKeys } from './kept-view.ts'
export { LEASE_MS } from './lease.ts'
export { Live } from './live.ts'
export {
  type Change,
  type LiveKey,
  type LiveKind,
  type LiveState,
  type LiveView,
  ORGANIZATION,
} from './live-state.ts'
export { MOVED, requireNotMoved, startUnlessMoved } from './moved.ts'
export type { Raise } from './raise.ts'
export { MAX_LEASE_AHEAD_MS, recordedTime, recordTime, setRecordedTime } from './replica-store.ts'
