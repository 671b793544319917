import type { Fields } from '../../../platform/http/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import { TASK_LIFE } from '../../../tasks/tasks/index.ts'

/**
 * Times that a client that a person let in may work before it has to ask again: its consent and its
 * task end together.
 */
export const CLIENT_LIFETIMES = [
  { value: 'hour', label: '1 hour', ms: HOUR },
  { value: 'workday', label: '8 hours', ms: 8 * HOUR },
  { value: 'day', label: '24 hours', ms: TASK_LIFE.most },
] as const
/** Lifetime that is chosen unless the person chooses: the shortest. */
export const USUAL_CLIENT_LIFETIME = 'hour'

/** Computes when it ends, epoch milliseconds. */
export function endOfLife(fields: Fields, now: number): number {
  const chosen = CLIENT_LIFETIMES.find(({ value }) => value === fields.get('life'))
  if (!chosen) throw new Problem('request.malformed', '`life` has an unknown value')
  return now + chosen.ms
}
