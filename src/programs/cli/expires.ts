import { readDuration } from '../../platform/lib/duration.ts'
import { usage } from './failure.ts'

/**
 * Reads an end as people type it: from now on, or as a time. Answers RFC 3339, for the server.
 * @throws CommandFailure where it is neither
 */
export function readExpires(given: string, now: number): string {
  const length = readDuration(given)
  if (length !== undefined) return new Date(now + length).toISOString()
  const at = /^\d{4}-\d\d-\d\dT/.test(given) ? Date.parse(given) : Number.NaN
  if (Number.isNaN(at)) {
    throw usage(`\`${given}\` is no time`, 'say 30d (also m, h, w), or 2027-01-01T00:00:00Z')
  }
  return new Date(at).toISOString()
}
