import { problemOr } from '../decision-log/index.ts'
import { type FactParts, isSubject, ownTokens } from '../facts/index.ts'
import { Problem } from '../lib/problem.ts'
import { boundKeyOf, type Certificate, checkPossession, type Proof } from '../possession/index.ts'
import type { TaskLineage } from '../tasks/index.ts'
import { checkTaskToken, type TaskTokenClaims } from '../tokens/index.ts'

/** A task token as it was presented, with a proof. */
export interface Presented {
  readonly token: string
  readonly proof: string | readonly string[] | undefined
  /** Of the TLS connection, where there is no proof. */
  readonly certificate?: Certificate | undefined
  readonly method: string
  readonly url: string
  /** In the header `Authorization`, so that the proof must name the token (RFC 9449 `ath`), or as a parameter. */
  readonly as: 'authorization' | 'parameter'
}

export type Holder =
  | {
      readonly holds: true
      readonly claims: TaskTokenClaims
      readonly proof: Proof
      readonly held: TaskLineage
    }
  | { readonly holds: false; readonly problem: Problem; readonly proof: Proof | undefined }

/** Whether this is the task's token in the hands of the task's key. Liveness is the caller's next check. */
export async function checkHolder(parts: FactParts, presented: Presented): Promise<Holder> {
  const { token, method, url } = presented
  const bound = presented.as === 'authorization' ? { accessToken: token } : undefined
  const { clock, random } = parts
  const what = bound ? ({ at: 'task', method } as const) : ({ at: 'token endpoint' } as const)
  const nonce = parts.nonces?.checkFor(url, what)
  const [claims, proof] = await Promise.all([
    problemOr(checkTaskToken(token, ownTokens(parts))),
    problemOr(checkPossession(presented, { method, url, clock, random, nonce, ...bound })),
  ])
  if (proof instanceof Problem) return { holds: false, problem: proof, proof: undefined }
  if (claims instanceof Problem) return { holds: false, problem: claims, proof }
  const problem = (
    code: 'certificate.wrong' | 'proof.wrong_key' | 'token.unknown_task',
    detail: string,
  ): Holder => ({
    holds: false,
    problem: new Problem(code, detail),
    proof,
  })
  if (proof.thumbprint !== boundKeyOf(claims.cnf) && 'x5t#S256' in claims.cnf)
    return problem('certificate.wrong', 'the token is bound to another certificate')
  if (proof.thumbprint !== boundKeyOf(claims.cnf))
    return problem('proof.wrong_key', 'the token is bound to another key')
  const held = await parts.facts.task(claims.task.id)
  if (
    !held ||
    held.task.keyThumbprint !== proof.thumbprint ||
    !isSubject(parts, held, claims, undefined)
  )
    return problem('token.unknown_task', 'the token belongs to no task here')
  return { holds: true, claims, proof, held }
}
