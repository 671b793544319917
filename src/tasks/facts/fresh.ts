import type { GateResult } from '@remit/engine'
import type { Person } from '../../identity/people/index.ts'
import { DAY } from '../../platform/lib/time-units.ts'

/**
 * Age that a provider's word about a person may have, in milliseconds, for anything to be done on
 * it. `present`: of the person for whom a task was opened, who signed in for it. `absent`: of
 * sponsors, and of those in a conversation where all have to be permitted; they are not asked to sign
 * in each day.
 */
export interface FreshnessLimits {
  readonly present: number
  readonly absent: number
}

export const FRESH_FOR: FreshnessLimits = { present: DAY, absent: 30 * DAY }

/** Tells whether what the provider said of them last is too old. */
export function isStale({ confirmedAt }: Pick<Person, 'confirmedAt'>, at: number, mostMs: number) {
  return at - confirmedAt > mostMs
}

/** Denial by the liveness gate for stale data. It names no person, because the agent reads it. */
export function stale(who: 'person' | 'sponsor' | 'participant'): GateResult {
  const [whose, enough] = WORDS[who]
  return {
    gate: 'liveness',
    passed: false,
    reason: 'person.stale',
    detail: `the identity provider has not confirmed status and groups of ${whose} for too long`,
    enough,
  }
}

const WORDS = {
  person: ['the person', 'the person signs in again'],
  sponsor: ['the sponsor', 'the sponsor signs in again'],
  participant: ['someone in the conversation', 'they sign in again'],
} as const
