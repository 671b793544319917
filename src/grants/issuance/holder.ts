import {
  boundKeyOf,
  type Certificate,
  checkPossession,
  type Proof,
} from '../../identity/possession/index.ts'
import { checkTaskToken, type TaskTokenClaims } from '../../identity/tokens/index.ts'
import { type FactParts, isSubject, ownTokens } from '../../tasks/facts/index.ts'
import type { TaskLineage } from '../../tasks/tasks/index.ts'
import { asRefused, type GrantRefusal, isRefused, refused } from './refusal.ts'

/** A task token as it was presented, with a proof. */
export interface PresentedToken {
  readonly token: string
  readonly proof: string | readonly string[] | undefined
  /** Certificate of the TLS connection, where there is no proof. */
  readonly certificate?: Certificate | undefined
  readonly method: string
  readonly url: string
  /**
   * Place of the token: in the header `Authorization`, so that the proof must name it (RFC 9449
   * `ath`), or a parameter.
   */
  readonly as: 'authorization' | 'parameter'
}

export type Holder =
  | {
      readonly holds: true
      readonly claims: TaskTokenClaims
      readonly proof: Proof
      readonly held: TaskLineage
    }
  | { readonly holds: false; readonly refusal: GrantRefusal; readonly proof: Proof | undefined }

/**
 * Checks whether this is the task's token in the hands of the task's key. Liveness is the caller's
 * next check.
 */
export async function checkHolder(parts: FactParts, presented: PresentedToken): Promise<Holder> {
  const { token, method, url } = presented
  const bound = presented.as === 'authorization' ? { accessToken: token } : undefined
  const { clock, random } = parts
  const what = bound ? ({ at: 'task', method } as const) : ({ at: 'token endpoint' } as const)
  const nonce = parts.nonces?.checkFor(url, what)
  const [claims, proof] = await Promise.all([
    checkTaskToken(token, ownTokens(parts)).catch(asRefused),
    checkPossession(presented, { method, url, clock, random, nonce, ...bound }).catch(asRefused),
  ])
  if (isRefused(proof)) return { holds: false, refusal: proof, proof: undefined }
  const no = (refusal: GrantRefusal): Holder => ({ holds: false, refusal, proof })
  if (isRefused(claims)) return no(claims)
  if (proof.thumbprint !== boundKeyOf(claims.cnf) && 'x5t#S256' in claims.cnf)
    return no(refused('certificate.wrong', 'the token is bound to another certificate'))
  if (proof.thumbprint !== boundKeyOf(claims.cnf))
    return no(refused('proof.wrong_key', 'the token is bound to another key'))
  const held = await parts.facts.task(claims.task.id)
  if (
    !held ||
    held.task.keyThumbprint !== proof.thumbprint ||
    !isSubject(parts, held, claims, undefined)
  )
    return no(refused('token.unknown_task', 'the token belongs to no task here'))
  return { holds: true, claims, proof, held }
}
