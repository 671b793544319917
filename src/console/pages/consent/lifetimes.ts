import type { Fields } from '../../../platform/http/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { DAY, HOUR, WEEK } from '../../../platform/lib/time-units.ts'

/** Times that a consent can last. The agent asks for none; the person gives one. */
export const CONSENT_LIFETIMES = [
  { value: 'hour', label: '1 hour', ms: HOUR },
  { value: 'day', label: '1 day', ms: DAY },
  { value: 'week', label: '7 days', ms: WEEK },
  { value: 'month', label: '30 days', ms: 30 * DAY },
  { value: 'open', label: 'Until I end it', ms: undefined },
] as const
/** Lifetime that is chosen unless the person chooses: the shortest. */
export const USUAL_CONSENT_LIFETIME = 'hour'

/** Computes when the consent ends, epoch milliseconds; `undefined` for one without an end. */
export function endOf(fields: Fields, now: number): number | undefined {
  const chosen = CONSENT_LIFETIMES.find(({ value }) => value === fields.get('lifetime'))
  if (!chosen) throw new Problem('request.malformed', '`lifetime` has an unknown value')
  return chosen.ms === undefined ? undefined : now + chosen.ms
}
