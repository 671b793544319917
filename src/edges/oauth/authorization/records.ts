import type { ProtocolRecords } from '../../../identity/opaque-tokens/index.ts'
import { sha256url } from '../../../platform/lib/bytes.ts'
import type { AuthorizationRequest } from './check-request.ts'

/** Names of the kinds of records between the requests of one authorization. */
export const PUSHED_REQUEST = 'PushedAuthorizationRequest'
export const WAITING_REQUEST = 'AuthorizationRequest'
export const CODE = 'AuthorizationCode'

/** Lives in seconds. A code is redeemed at once, by a program; a person has ten minutes; a browser comes at once with a pushed request. */
export const LIVES = { [CODE]: 60, [WAITING_REQUEST]: 600, [PUSHED_REQUEST]: 60 } as const

/** Request that was pushed (RFC 9126) and checked. */
export interface PushedRecord {
  readonly clientId: string
  readonly parameters: readonly (readonly [name: string, value: string])[]
}

/** Request that a person is asked about, as far as the answer to the client needs it. */
export interface WaitingRequest
  extends Pick<AuthorizationRequest, 'codeChallenge' | 'state' | 'thumbprint'> {
  /** Id under which the pushed request is kept that it came from. */
  readonly pushedId?: string | undefined
}

/** Authorization code (RFC 6749 section 4.1.2), and everything that it is bound to. */
export interface CodeRecord
  extends Pick<AuthorizationRequest, 'codeChallenge' | 'redirectUri' | 'resource' | 'thumbprint'> {
  readonly clientId: string
  readonly codeChallengeMethod: 'S256'
  /** The request that a person allowed. */
  readonly authorizationId: string
}

/**
 * Computes the id under which a code or a pushed request is kept. The value is the credential
 * itself, so only its digest is stored.
 */
export function recordId(value: string): string {
  return sha256url(value)
}

export function findCode(
  records: Pick<ProtocolRecords, 'find'>,
  code: string,
): Promise<CodeRecord | undefined> {
  return records.find<CodeRecord>(CODE, recordId(code))
}
