import type { StoredIssuer, VerifiedToken } from '../../../identity/issuers/index.ts'
import { opaqueDigest } from '../../../identity/opaque-tokens/index.ts'
import {
  checkProof,
  type Proof,
  type ProofExpectation,
} from '../../../identity/possession/index.ts'
import { sha256url } from '../../../platform/lib/bytes.ts'
import type { Awaitable } from '../../../platform/lib/pipeline.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Call, FactParts } from '../../../tasks/facts/index.ts'
import { closeTask, findForeignTask, type TaskLineage } from '../../../tasks/tasks/index.ts'
import { asRefused, type GrantRefusal, isRefused, refused } from '../../issuance/index.ts'
import { openImplicit } from './open-implicit.ts'

/** Parts of a call that matter here. */
export type ForeignTokenCall = Pick<Call, 'scheme' | 'proof' | 'method' | 'url' | 'resource'> & {
  readonly token: string
  readonly origin?: Call['origin'] | undefined
}

/** A token of another server that is accepted, and the task that it opened. */
export type ForeignTokenResult =
  | {
      readonly holds: true
      readonly vouched: VerifiedToken
      readonly proof: Proof | undefined
      readonly held: TaskLineage
    }
  | { readonly holds: false; readonly refusal: GrantRefusal; readonly proof: Proof | undefined }

/**
 * Finds the issuer whose token this may be, where it is not one of ours. Nothing about it is
 * believed yet.
 */
export function foreignIssuer(
  { issuer, issuers }: Pick<FactParts, 'issuer' | 'issuers'>,
  token: string,
): Awaitable<StoredIssuer | undefined> {
  if (opaqueDigest('remit_at', token) !== undefined) return undefined
  const ofOthers = (found: StoredIssuer | undefined) =>
    found?.issuer === issuer ? undefined : found
  const found = issuers.ofAccessToken(token)
  return found instanceof Promise ? found.then(ofOthers) : ofOthers(found)
}

/**
 * Token, proof, and the task that the token opened, or opens now (contract 5.6). `proven`: the proof was checked when the request
 * came. Never throws for anything that a caller sent.
 */
export async function holdForeign(
  parts: FactParts,
  shown: ForeignTokenCall,
  from: StoredIssuer,
  given: { readonly nonce: ProofExpectation['nonce']; readonly proven?: Proof | undefined },
): Promise<ForeignTokenResult> {
  const { proven } = given
  const proof = proven ?? (await proofOf(parts, shown, given.nonce).catch(asRefused))
  if (isRefused(proof)) return { holds: false, refusal: proof, proof: undefined }
  const no = (refusal: GrantRefusal): ForeignTokenResult => ({ holds: false, refusal, proof })
  const vouched = await parts.issuers
    .checkAccess(from, shown.token, shown.resource.identifier, shown.origin?.ip)
    .catch(notAccepted)
  if (isRefused(vouched)) return no(await ended(parts, from, shown.token, vouched))
  const wrong = wrongBinding(vouched, proof)
  if (wrong) return no(wrong)
  const held = await taskOfForeign(parts, vouched, () =>
    openImplicit(parts, vouched, {
      thumbprint: proof && sha256url(`${proof.thumbprint}\0${vouched.digest}`),
      resource: shown.resource.identifier,
      origin: shown.origin,
    }),
  ).catch(asRefused)
  return isRefused(held) ? no(held) : { holds: true, vouched, proof, held }
}

/** A server that cannot be asked is a reason to deny, and no failure of ours. */
function notAccepted(error: unknown): GrantRefusal {
  if (error instanceof Problem && /^(?:issuer|outbound|token)\./.test(error.code))
    return refused(error.code, error.detail)
  return asRefused(error)
}

async function proofOf(
  parts: Pick<FactParts, 'clock'>,
  { method, proof, scheme, token, url }: ForeignTokenCall,
  nonce: ProofExpectation['nonce'],
): Promise<Proof | undefined> {
  if (scheme !== 'DPoP') return undefined
  return checkProof(proof, { method, url, accessToken: token, clock: parts.clock, nonce })
}

/**
 * INVARIANT: a bound token is shown with its key and nothing else, whatever it is bound by; an unbound one without a proof, and only
 * where its issuer may have that (RFC 9449 section 7.1).
 */
function wrongBinding(
  { claims, issuer }: VerifiedToken,
  proof: Proof | undefined,
): GrantRefusal | undefined {
  const { cnf } = claims
  if (cnf === undefined) {
    if (proof) return refused('token.wrong_scheme', 'the token is not bound to a key: use Bearer')
    return issuer.bearer
      ? undefined
      : refused('proof.missing', 'tokens of this issuer must be bound to a key')
  }
  const members = typeof cnf === 'object' && cnf !== null ? Object.entries(cnf) : []
  const [only, another] = members
  if (!only || another || only[0] !== 'jkt')
    return refused('token.malformed', 'the token has an unknown kind of binding')
  if (!proof) return refused('token.wrong_scheme', 'the token is bound to a key: use DPoP')
  if (only[1] !== proof.thumbprint)
    return refused('proof.wrong_key', 'the token is bound to another key')
  return undefined
}

/**
 * Closes the task of a token, with everything below it, when the token's own server says that it is
 * over.
 */
async function ended(
  parts: Pick<FactParts, 'clock' | 'facts' | 'ledger' | 'live' | 'storage'>,
  { access, name }: StoredIssuer,
  token: string,
  refusal: GrantRefusal,
): Promise<GrantRefusal> {
  if (!access?.introspection || refusal.reason !== 'token.expired') return refusal
  const held = await taskOfForeign(parts, { digest: sha256url(`${name}\0${token}`) })
  if (held) await closeTask(parts, { taskId: held.task.id, by: 'system', reason: 'token.inactive' })
  return refusal
}

/** The task that a token opened. One that opened none yet opens it now, if that is said. */
async function taskOfForeign(
  parts: Pick<FactParts, 'facts' | 'storage'>,
  token: Pick<VerifiedToken, 'digest'>,
): Promise<TaskLineage | undefined>
async function taskOfForeign(
  parts: Pick<FactParts, 'facts' | 'storage'>,
  token: Pick<VerifiedToken, 'digest'>,
  open: () => Promise<GrantRefusal | undefined>,
): Promise<TaskLineage | GrantRefusal>
async function taskOfForeign(
  parts: Pick<FactParts, 'facts' | 'storage'>,
  { digest }: Pick<VerifiedToken, 'digest'>,
  open?: () => Promise<GrantRefusal | undefined>,
): Promise<TaskLineage | GrantRefusal | undefined> {
  const known = await parts.facts.foreign(digest)
  if (known !== undefined) return parts.facts.task(known)
  if (!open) return undefined
  const refusal = await open()
  if (refusal) return refusal
  const opened = await findForeignTask(parts.storage.read, digest)
  const held = opened && (await parts.facts.task(opened))
  if (!held) throw new Error('a task is gone in the moment it was opened')
  return held
}
