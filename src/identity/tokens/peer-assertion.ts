import type { Detail } from '@remit/engine'
import { signJwt } from '../../platform/keys/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import {
  type Authentication,
  authenticationClaims,
  type MintedToken,
  type MintParts,
} from './access-token.ts'
import { partyClaims, type TokenParties } from './parties.ts'

/** Longest life of an assertion: a server that took one does not ask us again. */
const MAX_LIFE_MS = 5 * MINUTE

/** Assertion for the authorization server of another domain. */
export interface PeerAssertion {
  /** `oauth-id-jag+jwt`, or `JWT` of a grant that says no type (OAuth identity chaining). */
  readonly typ: 'oauth-id-jag+jwt' | 'JWT'
  /** Issuer of the other domain, alone. */
  readonly audience: string
  /** Client id of the agent at that authorization server. */
  readonly clientId: string
  readonly parties: TokenParties
  readonly resource: string
  readonly scope?: string | undefined
  readonly details?: readonly Detail[] | undefined
  readonly authentication: Authentication
  /** The key of the task: only its holder redeems this. */
  readonly thumbprint: string
  readonly deadline: number
}

/** Signs an assertion that counts at one server of another domain, for this client and this key. */
export async function mintPeerAssertion(
  { clock, issuer, key, random }: MintParts,
  given: PeerAssertion,
): Promise<MintedToken> {
  const now = clock.now()
  const iat = Math.floor(now / 1000)
  const exp = Math.floor(Math.min(now + MAX_LIFE_MS, given.deadline) / 1000)
  if (exp <= iat) throw new Problem('token.expired', 'the task ends before the token would begin')
  const id = base64url(random.bytes(16))
  const { sponsor: _, sub_id: __, ...parties } = partyClaims(issuer, given.parties)
  const claims = {
    ...{ iss: issuer, aud: given.audience, client_id: given.clientId, iat, exp, jti: id },
    ...parties,
    resource: given.resource,
    ...(given.scope === undefined ? {} : { scope: given.scope }),
    ...(given.details === undefined ? {} : { authorization_details: given.details }),
    ...authenticationClaims(given.authentication),
    cnf: { jkt: given.thumbprint },
  }
  const token = await signJwt(key, { typ: given.typ, claims })
  return { token, id, expiresIn: exp - iat }
}
