import type { Action } from '../../catalog/index.ts'

/**
 * A definition that is offered and not accepted: the noun of reviewing. The reviewed one stays in the catalog beside it.
 * `changed`: its action is quarantined. `added`: there is no such action yet.
 */
export type Offer = {
  readonly resource: string
  /** Name of the action. */
  readonly action: string
  readonly kind: 'changed' | 'added'
  /** `rejected`: an administrator looked at exactly this, and it stays out. */
  readonly state: 'waiting' | 'rejected'
  /** The action as it would be. */
  readonly offered: Action | undefined
  /** Reason why that cannot be read. */
  readonly unreadable: string | undefined
  /** Digest of the offered definition: an acceptance names it. */
  readonly digest: string
  /** An import, or the MCP server itself while it was used. */
  readonly source: 'import' | 'server'
  readonly offeredAt: number
  /** A person, `operator`, or `gateway`. */
  readonly by: string
}

/** Offer as it was found, before it is known when and by whom it was made. */
export type OfferContent = Pick<Offer, 'action' | 'kind' | 'digest' | 'offered' | 'unreadable'>

export function offerOf(action: Action, kind: Offer['kind']): OfferContent {
  return {
    action: action.name,
    kind,
    digest: action.digest,
    offered: action,
    unreadable: undefined,
  }
}
