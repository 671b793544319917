import {
  type Algorithm,
  checkClaims,
  type JwtExpectation,
  readCompact,
  readObject,
  wrongAlgorithm,
} from '../../platform/jose/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { Problem } from '../../platform/lib/problem.ts'

/** Rules for every client assertion. */
export interface AssertionRules {
  /** Name of the audience in words; `audience` tells whether `aud` is one. */
  readonly issuer: string
  readonly audience: JwtExpectation['audience']
  readonly typ: readonly string[]
  readonly algorithms: readonly Algorithm[]
  readonly maxLifeSeconds: number
  readonly clock: Clock
  readonly fractions: true
}

/**
 * Names the rule that a client assertion breaks and that its maker can check alone, in words;
 * `undefined`: none. INVARIANT: it looks at nothing but the assertion, so the answer is the same
 * whether or not there is such an agent, and whatever its keys are.
 */
export function assertionFault(assertion: string, rules: AssertionRules): string | undefined {
  const { algorithms, audience, clock, fractions, issuer, maxLifeSeconds, typ } = rules
  try {
    const { header, payload } = readCompact(assertion)
    const { alg, typ: type } = header
    if (!typ.includes(type.replace(/^application\//i, '')))
      return `\`typ\` has to be ${typ.filter(Boolean).join(' or ')}`
    if (!algorithms.some((each) => each === alg)) return wrongAlgorithm(alg, algorithms)
    const claims = readObject(payload, 'claims set')
    const { iss, jti, sub } = claims
    if (typeof iss !== 'string' || sub !== iss)
      return '`iss` and `sub` both have to be the client id'
    if (typeof jti !== 'string' || jti === '') return '`jti` is missing'
    checkClaims(claims, { issuer: iss, audience, clock, maxLifeSeconds, fractions })
    return undefined
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    if (error.code === 'token.wrong_audience')
      return `\`aud\` has to be ${issuer}, and nothing else`
    if (error.code === 'token.too_long_lived')
      return `\`exp\` may be at most ${maxLifeSeconds} seconds after \`iat\``
    return error.detail
  }
}
