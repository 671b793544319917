import type { AccessRequest } from '../access-requests/index.ts'
import { type Canonical, domainHash } from '../lib/canonical-json.ts'
import type { Choice } from './allowance/allowance.ts'
import { patternInWords } from './allowance/words.ts'

/** One approval, one execution. */
export const USES = 1

/** Lists all about an approval that is fixed before a person says yes to it. */
function displayed(
  request: AccessRequest,
  allowance: Choice | undefined,
): { readonly [name: string]: Canonical } {
  return {
    call_hash: request.callHash,
    text: request.text,
    template_digest: request.templateDigest,
    forbids: request.ask.forbids.map(({ id, digest }) => ({ id, digest })),
    policy_version: request.policyVersion,
    ...(allowance ? chosen(request, allowance) : { uses: USES }),
    nonce: request.nonce,
  }
}

/** An allowance, as it is computed and as it is read. */
function chosen(request: AccessRequest, { lifeSeconds, pattern, tie, uses }: Choice) {
  const words = patternInWords(request.action, pattern)
  return { uses, allowance: { tie, life_seconds: lifeSeconds, pattern, words } }
}

/**
 * Digest of what a page displays, with the allowance that it spells out. It travels with the form, and an answer that brings another one is refused: a person
 * answers what was on the screen and nothing else.
 */
export function shownDigest(request: AccessRequest, allowance?: Choice): string {
  return domainHash('remit/shown/v1', {
    ...displayed(request, allowance),
    request: request.id,
    call: request.call,
    expires_at: request.expiresAt,
    lifetime_seconds: request.ask.lifetimeSeconds,
  })
}

/** Computes when an approval given now stops being usable. */
export function usableUntil(request: AccessRequest, answeredAt: number): number {
  return Math.min(answeredAt + request.ask.lifetimeSeconds * 1000, request.deadline)
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
  },
): string {
  const domain = given.answer === 'approve' ? 'remit/answer/v1' : 'remit/denial/v1'
  return domainHash(domain, {
    ...displayed(request, given.allowance),
    expiry: given.expiry,
    approver: given.approver,
  })
}
