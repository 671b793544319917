import { type Canonical, domainHash } from '../../platform/lib/canonical-json.ts'
import type { AccessRequest } from '../access-requests/index.ts'
import type { Choice } from './allowance/allowance.ts'
import { patternInWords } from './allowance/words.ts'
import type { Consequence } from './answer-store.ts'

/** One approval, one execution. */
export const USES = 1

/** The call as an approver changed it. */
export type EditedCall = Pick<AccessRequest, 'call' | 'callHash' | 'templateDigest' | 'text'>

/** Terms of an approval given alone in an emergency. */
export interface BreakGlassTerms {
  readonly reason: string
  readonly lifeMs: number
}

/** Lists all about an approval that is fixed before a person says yes to it. */
function displayed(
  request: AccessRequest,
  allowance: Choice | undefined,
  breakGlass: BreakGlassTerms | undefined,
): { readonly [name: string]: Canonical } {
  return {
    call_hash: request.callHash,
    text: request.text,
    template_digest: request.templateDigest,
    forbids: request.ask.forbids.map(({ id, digest }) => ({ id, digest })),
    policy_version: request.policyVersion,
    ...(allowance ? chosen(request, allowance) : { uses: USES }),
    nonce: request.nonce,
    ...(breakGlass && {
      break_glass: { reason: breakGlass.reason, life_seconds: breakGlass.lifeMs / 1000 },
    }),
  }
}

/** An allowance, as it is computed and as it is read. */
function chosen(request: AccessRequest, { lifeSeconds, pattern, tie, uses }: Choice) {
  const words = patternInWords(request.action, pattern)
  return { uses, allowance: { tie, life_seconds: lifeSeconds, pattern, words } }
}

/**
 * Digest of what a page displays, with the allowance that it spells out. It travels with the form, and an answer that brings another one is refused: a person
 * answers the displayed page and nothing else.
 */
export function shownDigest(
  request: AccessRequest,
  allowance?: Choice,
  edited?: EditedCall,
  breakGlass?: BreakGlassTerms,
): string {
  return domainHash('remit/shown/v1', {
    ...displayed(request, allowance, breakGlass),
    request: request.id,
    ...(edited && { edited: editedMembers(edited) }),
    call: request.call,
    expires_at: request.expiresAt,
    lifetime_seconds: request.ask.lifetimeSeconds,
  })
}

/** Digest of a page as displayed to a stand-in: it names the person in whose place they answer. */
export function shownTo(
  { standsInFor }: { readonly standsInFor?: { readonly id: string } | undefined },
  shown: string,
): string {
  if (!standsInFor) return shown
  return domainHash('remit/shown-to-stand-in/v1', { shown, stands_in_for: standsInFor.id })
}

function editedMembers({ call, callHash, templateDigest, text }: EditedCall) {
  return { call, call_hash: callHash, template_digest: templateDigest, text }
}

/** Computes when an approval given now stops being usable. */
export function usableUntil(
  { ask, deadline }: AccessRequest,
  answeredAt: number,
  { lifeMs }: Pick<BreakGlassTerms, 'lifeMs'> = { lifeMs: Number.POSITIVE_INFINITY },
): number {
  return Math.min(answeredAt + Math.min(ask.lifetimeSeconds * 1000, lifeMs), deadline)
}

/**
 * Hash that the approver puts their name to (contract 6). A deny has a domain of its own, so that
 * the one can never be presented as the other.
 */
export function answerHash(
  request: AccessRequest,
  given: {
    answer: 'approve' | 'deny'
    approver: string
    expiry: number
    allowance?: Choice | undefined
    breakGlass?: BreakGlassTerms | undefined
    consequence?: Consequence | undefined
    /** Person in whose place it is given. */
    standsInFor?: string | undefined
  },
): string {
  const domain = given.answer === 'approve' ? 'remit/answer/v1' : 'remit/denial/v1'
  return domainHash(domain, {
    ...displayed(request, given.allowance, given.breakGlass),
    expiry: given.expiry,
    approver: given.approver,
    consequence: given.consequence,
    stands_in_for: given.standsInFor,
  })
}
