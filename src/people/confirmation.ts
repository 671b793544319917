import type { Canonical } from '../lib/canonical-json.ts'
import { domainHash } from '../lib/domain-hash.ts'
import type { Id } from '../lib/id.ts'

export type ConfirmationState = 'pending' | 'confirmed' | 'refused' | 'used'

/**
 * An act that widens access, asked for by the CLI and waiting for the same person's yes on a page (contract 10).
 * `payload` is the act's whole input as canonical JSON: what is shown is what is done.
 */
export interface Confirmation {
  readonly id: Id<'confirmation'>
  readonly personId: string
  /** The name of the management operation, such as `policies.publish`. */
  readonly operation: string
  readonly payloadDigest: string
  readonly payload: string
  readonly state: ConfirmationState
  readonly createdAt: number
  readonly expiresAt: number
}

export const CONFIRMATION_LIFE_MS = 10 * 60_000

/** What a yes is bound to: this operation with exactly this input. */
export function payloadDigest(operation: string, payload: Canonical): string {
  return domainHash('remit/confirmation/v1', { operation, payload })
}
