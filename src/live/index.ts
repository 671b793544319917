export { DatabaseClock, MAX_CLOCK_DIFFERENCE_MS } from './database-clock.ts'
export { LEASE_MS } from './lease.ts'
export { Live, type LiveOptions } from './live.ts'
export {
  type Change,
  type LiveKey,
  type LiveKind,
  type LiveState,
  type LiveView,
  ORGANIZATION,
} from './live-state.ts'
export type { Raise } from './raise.ts'
