import type { GateResult } from '@remit/engine'
import { isProblemCode, type ProblemCode } from '../../platform/lib/problem.ts'

/** Reasons are codes of the catalogue, so that every refusal has a status, a title and a page. */
export function codeOf(reason: string): ProblemCode {
  return isProblemCode(reason) ? reason : 'server.failed'
}

/**
 * A demand to prove the key once more, with a nonce that only now was given (RFC 9449 section 8): no statement about the caller, and no
 * denial. Every client meets it, and goes on.
 */
export const CHALLENGE = 'proof.nonce_required'

/** Type of the record of a nonce demand, whichever endpoint made it. */
export const CHALLENGED = 'proof.challenged'

/** Answers what would be enough where a credential does not hold. */
export function enoughFor(code: ProblemCode): string {
  if (code === 'token.missing') return 'a resource token for this API, with a proof by the task key'
  if (code === 'token.wrong_scheme') return 'the scheme `DPoP` with a proof by the task key'
  if (code === 'proof.nonce_required')
    return 'a fresh proof with the nonce of the header `DPoP-Nonce`'
  if (code.startsWith('certificate.')) return 'the client certificate that the token is bound to'
  if (code.startsWith('proof.')) return 'a fresh proof by the task key for exactly this request'
  if (code.startsWith('token.'))
    return 'a fresh resource token for this API, from the task token or by refreshing'
  return ''
}

/** RFC 9449 section 7.1, RFC 6750 section 3 and RFC 9470 section 3: what the `WWW-Authenticate` header says. */
export interface Challenge {
  readonly scheme: 'DPoP'
  readonly error?:
    | 'invalid_token'
    | 'invalid_dpop_proof'
    | 'use_dpop_nonce'
    | 'insufficient_user_authentication'
  /** RFC 9470 section 3: what would be well enough. */
  readonly acrValues?: string
  readonly maxAge?: string
}

/** Reasons for which the token itself is no good any more (RFC 6750 section 3.1: also revoked ones). */
const INVALID_TOKEN: ReadonlySet<ProblemCode> = new Set(['task.closed', 'agent.retired'])

export function challengeFor(
  code: ProblemCode,
  gates: readonly Pick<GateResult, 'reason' | 'stepUp'>[] = [],
): Challenge | undefined {
  if (code === 'step_up.required') {
    const { stepUp } = gates.find(({ reason }) => reason === code) ?? {}
    return { scheme: 'DPoP', error: 'insufficient_user_authentication', ...stepUp }
  }
  if (code === 'token.missing' || code === 'token.wrong_scheme') return { scheme: 'DPoP' }
  if (code === 'proof.nonce_required') return { scheme: 'DPoP', error: 'use_dpop_nonce' }
  if (code.startsWith('proof.')) return { scheme: 'DPoP', error: 'invalid_dpop_proof' }
  // The token is good, only not for this: 403, as RFC 6750 section 3.1 has it for `insufficient_scope`.
  if (code === 'token.not_covered') return undefined
  if (code.startsWith('token.') || code.startsWith('certificate.') || INVALID_TOKEN.has(code))
    return { scheme: 'DPoP', error: 'invalid_token' }
  return undefined
}
