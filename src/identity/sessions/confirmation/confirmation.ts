import { createHmac } from 'node:crypto'
import { type Canonical, canonicalJson, domainHash } from '../../../platform/lib/canonical-json.ts'
import type { Id } from '../../../platform/lib/id.ts'
import { sha256urlInSteps } from '../../../platform/lib/in-steps.ts'
import { MINUTE } from '../../../platform/lib/time-units.ts'
import type { ChangeSummary } from './confirmation-meaning.ts'

export type ConfirmationState = 'pending' | 'confirmed' | 'refused' | 'used'

/**
 * An act that widens access, asked for by the CLI and waiting for the same person's yes on a page (contract 10).
 * `payload` is the act's whole input as canonical JSON, with a digest in place of each secret: the shown act is the one that is done.
 */
export interface Confirmation {
  readonly id: Id<'confirmation'>
  readonly personId: string
  /** The name of the management operation, such as `policies.publish`. */
  readonly operation: string
  readonly payloadDigest: string
  readonly payload: string
  /** Meaning of the act, as it was found out when it was asked for. */
  readonly meaning?: ChangeSummary
  readonly state: ConfirmationState
  readonly createdAt: number
  readonly expiresAt: number
}

/** A yes that was used. */
export interface UsedConfirmation {
  /** `Meaning.seen` of what the person said yes to; `undefined` where there was nothing to see but the input. */
  readonly seen: string | undefined
}

export const CONFIRMATION_LIFE_MS = 10 * MINUTE

/**
 * Confirmations of one person that may wait at once. When another is asked for, the oldest goes.
 */
export const MAX_PENDING = 16

/**
 * Digests what a yes is bound to: this operation with exactly this input, as canonical JSON. The
 * input may be that of a large import.
 */
export async function payloadDigest(operation: string, payload: string): Promise<string> {
  const digest = await sha256urlInSteps(payload)
  return domainHash('remit/confirmation/v3', { operation, payload: digest })
}

/** Writes something in place of a secret that is different for each secret, and tells nothing about it. */
export type SecretDigest = (secret: Canonical) => string

/** `key`: of this confirmation alone, so that a reader of the store cannot try out secrets. */
export function secretDigest(key: Uint8Array): SecretDigest {
  return (secret) =>
    `hmac-sha256:${createHmac('sha256', key).update(canonicalJson(secret)).digest('base64url')}`
}

/** The whole input, as it is shown and bound. */
export type PayloadOf = (digest: SecretDigest) => Canonical
