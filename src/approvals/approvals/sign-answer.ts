import type { StepUp } from '@remit/engine'
import {
  type ChallengeTicket,
  challengeOf,
  issueChallenge,
  openTicket,
  type PasskeyParts,
  type PresentedSignature,
  passkeysOf,
  type SignatureForm,
  signatureForm,
  type VerifiedSignature,
  verifyPasskeySignature,
} from '../../identity/passkeys/index.ts'
import { domainHash } from '../../platform/lib/canonical-json.ts'
import type { AccessRequest, ApprovalParts } from '../access-requests/index.ts'
import type { Choice } from './allowance/allowance.ts'
import { choiceEnds } from './allowance/choice.ts'
import { answerHash, type BreakGlassTerms, type EditedCall, usableUntil } from './answer-hash.ts'

const DOMAIN = 'remit/signed-approval/v1'
/** The record is about the changed call, which is a request of its own: one that is not there yet. */
const EDIT_DOMAIN = 'remit/signed-edit/v1'

/** Parts that taking an answer needs. */
export type AnswerParts = ApprovalParts & PasskeyParts

/** Facts of an approval that its signature is about. */
export interface SignedApproval {
  readonly request: AccessRequest
  readonly personId: string
  /** Person in whose place it is given. */
  readonly standsInFor?: string | undefined
  readonly allowance: Choice | undefined
  /** The call as the approver changed it. */
  readonly edited?: EditedCall | undefined
  /** Terms of an approval that is given alone in an emergency. */
  readonly breakGlass?: BreakGlassTerms | undefined
  /** `shownDigest` of what the page displayed. */
  readonly shown: string
}

/**
 * Tells whether an approval has to be signed with a passkey: by a rule that asks, or by the setting.
 * A denial never has to be.
 */
export function needsSignature(
  { passkeys }: Pick<ApprovalParts, 'passkeys'>,
  {
    allowance,
    breakGlass,
    request: {
      ask: { risk, signature },
    },
  }: Pick<SignedApproval, 'allowance' | 'breakGlass'> & {
    readonly request: Pick<AccessRequest, 'ask'>
  },
): boolean {
  const by = (act: 'allowances' | 'break_glass' | 'critical' | 'high') =>
    passkeys?.acts.has(act) === true
  return (
    signature !== undefined ||
    (by('high') && (risk === 'high' || risk === 'critical')) ||
    (by('critical') && risk === 'critical') ||
    (by('allowances') && allowance !== undefined) ||
    (by('break_glass') && breakGlass !== undefined)
  )
}

/**
 * Makes what a page needs for a signed approval; `enrol`: the person has no passkey. `undefined`
 * when it need not be signed.
 */
export async function approvalForm(
  parts: AnswerParts,
  approval: SignedApproval,
): Promise<SignatureForm | 'enrol' | undefined> {
  const { personId } = approval
  if (!needsSignature(parts, approval)) return undefined
  const passkeys = await passkeysOf(parts.storage.read, personId)
  if (passkeys.length === 0) return 'enrol'
  const ticket = issueChallenge(parts, aboutOf(approval))
  const challenge = challengeOf(domainOf(approval), statementOf(parts, approval, ticket))
  return signatureForm(parts, passkeys, { challenge, ticket })
}

function aboutOf({ personId, request }: SignedApproval): string {
  return `approve/${request.id}/${personId}`
}

function domainOf({ edited }: SignedApproval) {
  return edited ? EDIT_DOMAIN : DOMAIN
}

/** Facts that are signed: ids, hashes and times, since the ledger keeps them for ever. */
function statementOf(
  { issuer }: Pick<PasskeyParts, 'issuer'>,
  approval: SignedApproval,
  { issuedAt, nonce }: ChallengeTicket,
) {
  const { allowance, breakGlass, edited, personId, request, shown, standsInFor } = approval
  const expiry = signedExpiry(approval, issuedAt)
  const { callHash, text } = edited ?? request
  const common = {
    answer: 'approve',
    call_hash: callHash,
    // With the request's nonce, so that guesses do not find the sentence.
    text_hash: domainHash('remit/text/v1', { text, nonce: request.nonce }),
    shown,
    expires_at: expiry,
    approver: personId,
    ...(standsInFor === undefined ? {} : { stands_in_for: standsInFor }),
    ...{ nonce, issued_at: issuedAt, origin: issuer },
  }
  if (edited)
    return {
      ...common,
      edited_from: request.id,
      asked_call_hash: request.callHash,
      scope: 'edited',
    }
  return {
    ...common,
    request: request.id,
    answer_hash: answerHash(request, {
      ...{ answer: 'approve', approver: personId, expiry, allowance, breakGlass },
      standsInFor,
    }),
    scope: breakGlass ? 'break_glass' : allowance ? 'allowance' : 'once',
  }
}

/** End of a signed approval. Its lifetime counts from when the page was made. */
export function signedExpiry(
  { allowance, breakGlass, request }: Pick<SignedApproval, 'allowance' | 'breakGlass' | 'request'>,
  issuedAt: number,
): number {
  return allowance
    ? choiceEnds(request, allowance, issuedAt)
    : usableUntil(request, issuedAt, breakGlass)
}

/** A checked signature, and when the page that was signed was made. */
export interface ApprovalSignature extends VerifiedSignature {
  readonly issuedAt: number
}

/** @throws Problem `passkey.challenge_over`, `passkey.invalid`, `passkey.cloned` */
export async function verifyApproval(
  parts: AnswerParts,
  approval: SignedApproval,
  { assertion, ticket: text }: PresentedSignature,
): Promise<ApprovalSignature> {
  const ticket = openTicket(parts, aboutOf(approval), text)
  const statement = statementOf(parts, approval, ticket)
  const { personId } = approval
  const verified = await verifyPasskeySignature(parts, {
    ...{ personId, domain: domainOf(approval), statement, ticket, assertion },
  })
  return { ...verified, issuedAt: ticket.issuedAt }
}

/**
 * Sign-in that an approval of this request needs: by the rules that ask, and for calls of high risk
 * by the setting for all that widens access. A denial needs none.
 */
export function stepUpsOf(
  { stepUp }: Pick<ApprovalParts, 'stepUp'>,
  { ask }: Pick<AccessRequest, 'ask'>,
): readonly StepUp[] {
  const risky = ask.risk === 'high' || ask.risk === 'critical'
  return [...(ask.stepUps ?? []), ...(risky && stepUp ? [stepUp] : [])]
}

/** Proofs that an approval needs: sign-ins, and the form for a signature, as `approvalForm` makes it. */
export async function proofsFor(parts: AnswerParts, approval: SignedApproval) {
  return {
    stepUps: stepUpsOf(parts, approval.request),
    signing: await approvalForm(parts, approval),
  }
}
