import { HOUR, MINUTE, SECOND } from '../lib/time-units.ts'

/** Pauses after attempts that failed, in ms. After the last of them it is given up. */
export const RETRY_PAUSES_MS: readonly number[] = [
  10 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
]
