import type { Id } from '../../../platform/lib/id.ts'

/** A conversation in a space, as the surface that sees it states it. */
export interface Thread {
  readonly id: Id<'thread'>
  readonly spaceId: string
  /** The surface's own name for it. */
  readonly name: string
  readonly surfaceId: string
  /** The surface's, rising: an older statement never replaces a newer one. */
  readonly version: number
  /** Person who asks the agents there now; `null`: no known person. */
  readonly requesterId: string | null
  /** People who are there and known here, the requester too; sorted. */
  readonly participantIds: readonly string[]
  /** Number of further participants who are not known here. */
  readonly strangers: number
  /** Agents that take part. */
  readonly agents: readonly string[]
  readonly statedAt: number
  readonly endedAt: number | null
}

/**
 * Numbers of participants that a statement may name; above these, a surface says how many others
 * there are.
 */
export const THREAD_LIMITS = { participants: 200, agents: 32, strangers: 1_000_000 } as const

/** A person as a surface names them: by Remit's id, or as their provider does. */
export type NamedPerson =
  | { readonly id: string }
  | { readonly issuer: string; readonly subject: string }

/** Statement of a surface about a thread. */
export interface Statement {
  readonly version: number
  readonly requester?: NamedPerson | undefined
  readonly participants: readonly NamedPerson[]
  /** People that it does not name. */
  readonly others: number
  readonly agents: readonly string[]
}
