import { isIP } from 'node:net'
import type { MasterKey } from '../../platform/keys/index.ts'
import type { Ledger } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Id } from '../../platform/lib/id.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Storage } from '../../platform/storage/index.ts'

/** WebAuthn credential of a person. Times: epoch milliseconds. */
export interface Passkey {
  readonly id: Id<'passkey'>
  readonly personId: Id<'person'>
  /** Base64url. */
  readonly credentialId: string
  /** COSE_Key (RFC 9052), as the authenticator gave it. */
  readonly publicKey: Uint8Array
  /** Number that the authenticator counts up with each signature; 0: it does not count. */
  readonly counter: number
  /** Name that the person gave it. */
  readonly name: string
  /** Ways in which browsers reach it (`usb`, `internal` …), separated by spaces. */
  readonly transports: string
  readonly createdAt: number
  readonly lastUsedAt: number | null
  readonly removedAt: number | null
}

/** Administrator's permission for a new first passkey. */
export interface PasskeyRecovery {
  readonly id: Id<'passkey_recovery'>
  readonly personId: Id<'person'>
  readonly permittedBy: Id<'person'>
  readonly createdAt: number
  /** End of the waiting time. */
  readonly usableFrom: number
  readonly expiresAt: number
  readonly endedAt: number | null
}

/** Acts for which a setting demands a passkey. */
const PASSKEY_ACTS = [
  'critical',
  'high',
  'allowances',
  'policies',
  'keys',
  'approvers',
  'break_glass',
] as const
export type PasskeyAct = (typeof PASSKEY_ACTS)[number]

export interface PasskeyRules {
  readonly acts: ReadonlySet<PasskeyAct>
  /** Every operation of the management API by id, with the act that it is; `undefined`: it is none of them. */
  readonly operations: ReadonlyMap<string, PasskeyAct | undefined>
  /** Waiting time of a permitted new first passkey, in ms. */
  readonly recoveryWaitMs: number
}

/** Parts that this room works with. */
export interface PasskeyParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly clock: Clock
  readonly random: Random
  readonly master: Pick<MasterKey, 'seal' | 'open'>
  /** Remit's own origin: the only one on which an assertion may have been made. */
  readonly issuer: string
  /** Absent: no setting asks for passkeys. */
  readonly passkeys?: PasskeyRules | undefined
}

export const MAX_PASSKEYS = 10

/**
 * Relying party id of an origin: its host. `undefined`: browsers make no passkeys there, since the
 * host is an address (WebAuthn section 5.1.2).
 */
export function relyingPartyOf(issuer: string): string | undefined {
  const { hostname } = new URL(issuer)
  return isIP(hostname.replace(/^\[|\]$/g, '')) === 0 ? hostname : undefined
}
