import type { TypedArguments } from '@remit/engine'
import { type Id, isId } from '../../platform/lib/id.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import {
  checkOwn,
  lifeUntil,
  type MintedToken,
  type MintParts,
  type OwnTokens,
  signOwn,
} from './access-token.ts'
import { type ArgumentTexts, argumentTexts, readArgumentTexts } from './argument-texts.ts'
import {
  malformedParties,
  objectMember,
  type PartyClaims,
  partyClaims,
  readParties,
  type TokenParties,
  textMember,
} from './parties.ts'

/**
 * Claims of the token that an API behind the gateway receives instead of the agent's token
 * (draft-ietf-oauth-transaction-tokens): who, for whom, and exactly which call was permitted. The
 * token authorizes nothing but this call, and binds to no key.
 */
export interface TransactionTokenClaims extends PartyClaims {
  readonly iss: string
  /** The trust domain. */
  readonly aud: string
  readonly iat: number
  readonly exp: number
  /** The decision; an API uses it once for a write. */
  readonly txn: Id<'decision'>
  /** The action. */
  readonly scope: string
  /** The workloads that asked, by their addresses, the first one first: the gateway, then services that passed the call on. */
  readonly req_wl: string
  readonly tctx: TransactionContext
}

export interface TransactionContext {
  readonly task: {
    readonly id: Id<'task'>
    readonly purpose: string
    readonly parent?: Id<'task'>
  }
  /** The resource's identifier: the API checks that it is itself. */
  readonly location: string
  readonly action: string
  /** The call's typed arguments: the API checks that they are this request's. */
  readonly arguments: ArgumentTexts
}

export interface TransactionGrant {
  readonly decisionId: Id<'decision'>
  readonly trustDomain: string
  readonly gateway: string
  readonly parties: TokenParties
  readonly task: TransactionContext['task']
  readonly location: string
  readonly action: string
  readonly arguments: TypedArguments
  /** Time when what it hangs on ends, epoch milliseconds. */
  readonly notAfter: number
}

const TYPE = 'txntoken+jwt'
export const TRANSACTION_TOKEN_LIFE_MS = MINUTE

function transactionClaims(
  minting: Pick<MintParts, 'issuer' | 'clock'>,
  grant: TransactionGrant,
): TransactionTokenClaims {
  const { action, location, task } = grant
  const expiresAt = Math.min(grant.notAfter, minting.clock.now() + TRANSACTION_TOKEN_LIFE_MS)
  return {
    iss: minting.issuer,
    aud: grant.trustDomain,
    ...lifeUntil(expiresAt, minting.clock),
    txn: grant.decisionId,
    ...partyClaims(minting.issuer, grant.parties),
    scope: action,
    req_wl: grant.gateway,
    tctx: { task, location, action, arguments: argumentTexts(grant.arguments) },
  }
}

/** @throws Problem `token.expired`, `token.too_large`, `token.chain_too_deep` */
export async function mintTransactionToken(
  minting: Omit<MintParts, 'random'>,
  grant: TransactionGrant,
): Promise<MintedToken> {
  const claims = transactionClaims(minting, grant)
  const token = await signOwn(minting.key, TYPE, claims)
  return { token, id: claims.txn, expiresIn: claims.exp - claims.iat }
}

/**
 * Makes a transaction token for the same call, for a service that passes the call on: it says
 * everything except who asked, and never lives longer than the one before.
 * INVARIANT: a replacement claims nothing that the one before did not.
 * @throws Problem `token.expired`, `token.too_large`
 */
export async function renewTransactionToken(
  minting: Omit<MintParts, 'random'>,
  before: TransactionTokenClaims,
  workload: string,
): Promise<MintedToken> {
  const expiresAt = Math.min(before.exp * 1000, minting.clock.now() + TRANSACTION_TOKEN_LIFE_MS)
  const claims: TransactionTokenClaims = {
    ...before,
    ...lifeUntil(expiresAt, minting.clock),
    req_wl: `${before.req_wl} ${workload}`,
  }
  const token = await signOwn(minting.key, TYPE, claims)
  return { token, id: claims.txn, expiresIn: claims.exp - claims.iat }
}

/** @throws Problem `token.…` */
export async function checkTransactionToken(
  token: string,
  trustDomain: string,
  own: OwnTokens,
): Promise<TransactionTokenClaims> {
  const claims = await checkOwn(token, TYPE, trustDomain, own)
  const { iat, exp, txn } = claims
  const scope = textMember(claims, 'scope')
  const tctx = readContext(objectMember(claims, 'tctx'))
  if (!isId('decision', txn)) throw malformedParties('`txn` is not a decision')
  if (tctx.action !== scope) throw malformedParties('`scope` and `tctx.action` differ')
  return {
    iss: own.issuer,
    aud: trustDomain,
    iat,
    exp,
    txn,
    ...readParties(own.issuer, claims),
    scope,
    req_wl: textMember(claims, 'req_wl'),
    tctx,
  }
}

function readContext(tctx: { readonly [name: string]: unknown }): TransactionContext {
  const { id, parent, ...task } = objectMember(tctx, 'task')
  if (!isId('task', id)) throw malformedParties('`tctx.task` is not a task')
  if (parent !== undefined && !isId('task', parent))
    throw malformedParties('`tctx.task.parent` is not a task')
  return {
    task: { id, purpose: textMember(task, 'purpose'), ...(parent && { parent }) },
    location: textMember(tctx, 'location'),
    action: textMember(tctx, 'action'),
    arguments: readArgumentTexts(objectMember(tctx, 'arguments')),
  }
}
