import type { StepUp } from '@remit/engine'
import { isProvedWell, type Session, stepUpInWords } from '../../../identity/sessions/index.ts'
import { MINUTE } from '../../../platform/lib/time-units.ts'
import { type Html, html } from '../frame/html.ts'
import { notice } from '../frame/pieces.ts'

/**
 * Sign-in that is needed before a yes: the session began too long ago for it, or by too weak a
 * method.
 */
export interface RequiredSignIn {
  readonly href: string
  /** `, as mfa, not longer than 5 minutes ago` */
  readonly words: string
  /** Doing so once more would change nothing: it was done a moment ago, and this is what the provider said. */
  readonly vain?: string
}

/** Age of a sign-in up to which people have just done what they were asked to. */
const JUST_NOW_MS = MINUTE

interface StepUpDemand {
  readonly stepUp: StepUp
  readonly at: number
}

/** `undefined` when the session is good enough for all of it. `path` is where the person comes back to. */
export function signInFirst(
  { proved }: Session,
  wanted: readonly StepUpDemand[],
  path: string,
): RequiredSignIn | undefined {
  const unmet = wanted.filter(({ at, stepUp }) => !isProvedWell(proved, stepUp, at))
  const [first] = unmet
  if (!first) return undefined
  const query = new URLSearchParams({ again: 'yes', return_to: path })
  // A wish: what counts is what the provider says, when the answer is given.
  const ways = new Set(unmet.flatMap(({ stepUp }) => stepUp.acrValues))
  if (ways.size > 0) query.set('acr_values', [...ways].join(' '))
  const vain = inVain(proved, first)
  return { href: `/sign-in?${query}`, words: stepUpInWords(first.stepUp), ...(vain && { vain }) }
}

/** Signing in again and again must not be all that a page has to say. */
function inVain(
  { acr, authTime }: Session['proved'],
  { at, stepUp }: StepUpDemand,
): string | undefined {
  const weak = stepUp.acrValues.length > 0 && !stepUp.acrValues.includes(acr ?? '')
  if (!weak || authTime === null || at - authTime > JUST_NOW_MS) return undefined
  const said = acr === null ? 'does not say how' : `says that it was as ${acr}`
  return `You have just signed in, and your identity provider ${said}. The same again changes nothing: its operator has to set it up there.`
}

/** Advice where a yes can be given, and some of it will not work without a sign-in. */
export function adviceToSignIn({ href, words }: RequiredSignIn): Html {
  return notice(
    'calm',
    'Some of this wants a sign-in of its own',
    html`<div class="stack"><p>A rule permits some of it only to people who have signed in${words}. Without that it is refused when the program tries.</p><p><a class="button" href="${href}">Sign in again first</a></p></div>`,
  )
}

/** Stands where the button for a yes would be. */
export function signInFirstNotice({ href, vain, words }: RequiredSignIn): Html {
  return notice(
    'warn',
    'Sign in again before you say yes',
    html`<div class="stack"><p>A yes here wants a sign-in of its own${words}. You come back to this page. Saying no needs nothing.</p>${vain === undefined ? '' : html`<p>${vain}</p>`}<p><a class="button" href="${href}">Sign in again</a></p></div>`,
  )
}
