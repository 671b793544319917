import type { Detail } from '@remit/engine'
import type { Id } from '../../platform/lib/id.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import {
  type AccessClaims,
  type AccessTokenContent,
  type Authentication,
  checkAccessToken,
  type MintedToken,
  type MintParts,
  mintAccessToken,
  type OwnTokens,
} from './access-token.ts'
import { type TokenParties, textMember } from './parties.ts'

/** Good at exactly one resource. */
export interface ResourceTokenClaims extends AccessClaims {
  readonly task: {
    readonly id: Id<'task'>
    readonly purpose: string
    /** Hash of the epochs read at minting (`LiveView.hash`); must still be equal when the token is used. */
    readonly ep: string
  }
}

export interface ResourceGrant {
  readonly parties: TokenParties
  readonly task: ResourceTokenClaims['task']
  /** The identifier of the resource. */
  readonly resource: string
  /** Granted details that are at this resource. */
  readonly details: readonly Detail[]
  readonly scope?: string
  readonly authentication?: Authentication
  readonly thumbprint: string
  /** The earliest end of what it hangs on (task, approval, allowance), epoch milliseconds. */
  readonly notAfter: number
}

export const RESOURCE_TOKEN_LIFE_MS = 5 * MINUTE

/** @throws Problem `token.expired`, `token.too_large`, `token.chain_too_deep` */
export function mintResourceToken(minting: MintParts, grant: ResourceGrant): Promise<MintedToken> {
  const { notAfter, resource, ...rest } = grant
  const expiresAt = Math.min(notAfter, minting.clock.now() + RESOURCE_TOKEN_LIFE_MS)
  return mintAccessToken(minting, { ...rest, audience: resource, expiresAt })
}

/** The claims of a token that was good before, and is now. `undefined`: it has to be checked. */
export function knownResourceToken(
  token: string,
  resource: string,
  own: OwnTokens,
): ResourceTokenClaims | undefined {
  const content = own.verified?.find(token, resource, own)
  return content && claimsOf(content)
}

/** Claims by the parsed token: the same ones each time that it comes. */
const claims = new WeakMap<AccessTokenContent, ResourceTokenClaims>()

function claimsOf(content: AccessTokenContent): ResourceTokenClaims {
  const known = claims.get(content)
  if (known) return known
  const { access, task } = content
  const purpose = textMember(task, 'purpose')
  const made = { ...access, task: { id: access.client_id, purpose, ep: textMember(task, 'ep') } }
  claims.set(content, made)
  return made
}

/** Token and claims only; liveness, key binding and proof are the caller's next checks. @throws Problem `token.…` */
export async function checkResourceToken(
  token: string,
  resource: string,
  own: OwnTokens,
): Promise<ResourceTokenClaims> {
  return claimsOf(await checkAccessToken(token, resource, own))
}
