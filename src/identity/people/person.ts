import type { Id } from '../../platform/lib/id.ts'
import type { PersonAttributes } from './attribute.ts'

/** Group whose members may change Remit itself. Always exists. */
export const ADMINISTRATORS = 'administrators'

/** `ended` is final: the account will be erased. `erased`: nothing is left of it but its id. */
export type PersonStatus = 'active' | 'suspended' | 'ended' | 'erased'

/**
 * A human known through an identity provider. One per (issuer, subject); `id` is what tokens (`sub`) and policies say.
 * `groups` are Remit's own, sorted: a provider's group value counts only through a mapping.
 */
export interface Person {
  readonly id: Id<'person'>
  readonly issuer: string
  readonly subject: string
  readonly name: string
  readonly email?: string
  readonly groups: readonly string[]
  /** Attributes that the provider's claims are mapped to. */
  readonly attributes: PersonAttributes
  readonly status: PersonStatus
  readonly createdAt: number
  /**
   * Time when the provider issued the newest token that told us about this person, epoch
   * milliseconds.
   */
  readonly lastSeenAt: number
  /**
   * Time when the provider last confirmed all that it is asked about this person: that they are
   * there, and, where it ever spoke of groups, those too.
   */
  readonly confirmedAt: number
}

export function isAdministrator(person: Person): boolean {
  return person.groups.includes(ADMINISTRATORS)
}
