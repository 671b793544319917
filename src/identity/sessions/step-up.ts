import type { StepUp } from '@remit/engine'
import { Problem } from '../../platform/lib/problem.ts'

/**
 * Time (epoch ms) and way in which a person proved who they are, by the word of their provider;
 * `null`: it did not say.
 */
export interface SignInProof {
  readonly authTime: number | null
  readonly acr: string | null
}

export const UNPROVED: SignInProof = { authTime: null, acr: null }

/**
 * Tells whether it was good enough at a moment (RFC 9470 section 4), to the second. An unknown
 * sign-in is never enough.
 */
export function isProvedWell(
  { acr, authTime }: SignInProof,
  { acrValues, maxAgeSeconds }: StepUp,
  at: number,
): boolean {
  const strong = acrValues.length === 0 || (acr !== null && acrValues.includes(acr))
  const fresh =
    maxAgeSeconds === null ||
    (authTime !== null && Math.floor(at / 1000) - Math.floor(authTime / 1000) <= maxAgeSeconds)
  return strong && fresh
}

/**
 * INVARIANT: an act that wants a fresh sign-in is not done without; what counts is what the provider said when the session began,
 * and nothing that comes with the request.
 * @throws Problem `step_up.required`
 */
export function requireProved(proved: SignInProof, wanted: readonly StepUp[], at: number): void {
  const unmet = wanted.find((each) => !isProvedWell(proved, each, at))
  if (unmet) throw new Problem('step_up.required', `sign in again first${stepUpInWords(unmet)}`)
}

/** `, as mfa or phr, not longer than 5 minutes ago`. */
export function stepUpInWords({ acrValues, maxAgeSeconds }: StepUp): string {
  const ways = acrValues.length === 0 ? '' : `, as ${acrValues.join(' or ')}`
  if (maxAgeSeconds === null) return ways
  return maxAgeSeconds === 0
    ? `${ways}, again`
    : `${ways}, not longer than ${inWords(maxAgeSeconds)} ago`
}

function inWords(seconds: number): string {
  const [count, unit] = seconds % 60 === 0 ? [seconds / 60, 'minute'] : [seconds, 'second']
  return `${count} ${unit}${count === 1 ? '' : 's'}`
}
