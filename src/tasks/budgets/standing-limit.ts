import type { Id } from '../../platform/lib/id.ts'
import type { LiveKey } from '../../platform/revocation/index.ts'
import type { Limit } from './limit.ts'

/** Subject whose calls a standing limit counts. */
export interface LimitSubject {
  readonly kind: 'organization' | 'person' | 'agent' | 'space'
  readonly id: string
}

/** Subject that all calls are of. */
export const EVERYTHING: LimitSubject = { kind: 'organization', id: 'organization' }

/** Limit that an administrator set for one subject, or for everything, until it is removed. */
export interface StandingLimit {
  readonly id: Id<'limit'>
  readonly subject: LimitSubject
  /** It is a limit of each task that opens from now on, and counted there; otherwise it counts over all of them. */
  readonly eachTask: boolean
  readonly limit: Limit
  readonly createdAt: number
  readonly changedAt: number
  readonly changedBy: string
}

/**
 * Live state: which standing limits there are. Not part of a token's epochs, as policies are not: a limit that is set must be
 * noticed by every call, and end no token.
 */
export const LIMITS: LiveKey = { kind: 'policy', id: 'limits' }

/**
 * Lists the subjects that the calls of a task are counted for: everything, the person (or sponsor),
 * every agent of the chain, and the space it is in with those above. All agents, or one would get
 * around its limit by handing its work on.
 */
export function subjectsOf(of: {
  readonly personId: string
  readonly agents: readonly string[]
  readonly spaces: readonly string[]
}): LimitSubject[] {
  return [
    EVERYTHING,
    { kind: 'person', id: of.personId },
    ...[...new Set(of.agents)].map((id) => ({ kind: 'agent' as const, id })),
    ...of.spaces.map((id) => ({ kind: 'space' as const, id })),
  ]
}
