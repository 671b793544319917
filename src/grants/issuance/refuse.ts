import { type AccessRequest, attachQuestion } from '../../approvals/access-requests/index.ts'
import type { Proof } from '../../identity/possession/index.ts'
import { type Bookkeeping, bookkeepingOf, type LedgerEvent } from '../../platform/ledger/index.ts'
import { type Id, newTimedId } from '../../platform/lib/id.ts'
import { consumeOnce, type Step } from '../../platform/storage/index.ts'
import { CHALLENGE, CHALLENGED } from '../../tasks/decision-log/index.ts'
import { type FactParts, PROOF_GUARD, proofStep } from '../../tasks/facts/index.ts'
import { issuanceRow } from './issuance-row.ts'
import { type GrantRefusal, refused, refusedBy } from './refusal.ts'

/** Request that was refused, and whose it was, as far as that is known. */
export interface Attempt {
  readonly type: 'task.refused' | 'token.refused'
  /** Used up if it holds, whatever else was wrong. */
  readonly proof: Proof | undefined
  readonly about: Partial<LedgerEvent>
  readonly ip: string
}

/** Records a refusal at the token endpoint, uses up its proof, and asks people where it asks any, in one transaction. */
export async function refuseOpening(
  parts: FactParts,
  attempt: Attempt,
  refusal: GrantRefusal,
): Promise<GrantRefusal> {
  const { proof } = attempt
  if (refusal.asks) return refuseAsking(parts, attempt, refusal, refusal.asks)
  const keeping = bookkeepingForOpening(parts, attempt, refusal.reason)
  // INVARIANT: what a stranger sends writes nothing, not even that its proof was used.
  if (keeping.as === 'stranger') return told(refusal)
  const used = proof ? [proofStep(parts, proof)] : []
  if (keeping.as === 'repeat')
    return repeated(parts, attempt, { refusal, used, like: keeping.like })
  const { judged } = refusal
  const id = judged && newTimedId('decision', parts.clock.now(), parts.random)
  const row = judged && id && issuanceRow(parts, judged, { ...attempt, id, detail: refusal.detail })
  const done = await parts.storage.commit([
    ...used,
    ...(row ? [{ name: 'decision', query: row, rows: 1 as const }] : []),
    recordStep(parts, attempt, refusal, id),
  ])
  if (done.committed && id) keeping.done(id)
  if (done.committed) return id ? { ...told(refusal), members: { decision_id: id } } : refusal
  return refuseReplay(parts, attempt)
}

/** One more of many alike: only its proof is used up. The last recorded one explains it. */
async function repeated(
  parts: Pick<FactParts, 'ledger' | 'storage'>,
  attempt: Attempt,
  given: {
    readonly refusal: GrantRefusal
    readonly used: readonly Step[]
    readonly like: Id<'decision'> | undefined
  },
): Promise<GrantRefusal> {
  const { like, refusal, used } = given
  const done = used.length === 0 || (await parts.storage.commit(used)).committed
  if (!done) return refuseReplay(parts, attempt)
  const members = refusal.judged && like ? { decision_id: like } : undefined
  return members ? { ...told(refusal), members } : told(refusal)
}

async function refuseReplay(
  parts: Pick<FactParts, 'ledger' | 'storage'>,
  attempt: Attempt,
): Promise<GrantRefusal> {
  const replayed = refusedBy(PROOF_GUARD)
  if (bookkeepingForOpening(parts, attempt, replayed.reason).as === 'record')
    await parts.storage.commit([recordStep(parts, attempt, replayed)])
  return replayed
}

async function refuseAsking(
  parts: FactParts,
  attempt: Attempt,
  { asks: _, judged, ...refusal }: GrantRefusal,
  { insufficient, question }: NonNullable<GrantRefusal['asks']>,
): Promise<GrantRefusal> {
  const { proof } = attempt
  const answer = await parts.storage.transaction(async (tx) => {
    if (proof && !(await consumeOnce(tx, 'dpop', proof.replayKey, proof.expiresAt)))
      return undefined
    const attached = await attachQuestion(parts, tx, question, insufficient)
    if ('refusal' in attached) {
      const { detail, reason } = attached.refusal
      const refusal = refused(reason, detail)
      await parts.ledger.append(tx, recordOf(attempt, refusal))
      return refusal
    }
    const { request } = attached
    const { decisionId: id } = question
    if (judged) {
      const as = { ...attempt, id, detail: refusal.detail, requestId: request.id }
      await tx.executeQuery(issuanceRow(parts, judged, as).compile())
    }
    const record = recordOf(attempt, refusal, judged && id)
    await parts.ledger.append(tx, { ...record, requestId: request.id })
    const decision = judged ? { decision_id: id } : {}
    return { ...refusal, members: { ...decision, access_request: toldOf(parts, request) } }
  })
  return answer ?? refuseReplay(parts, attempt)
}

/** Tells it as for a call that people are asked about. */
function toldOf({ issuer }: Pick<FactParts, 'issuer'>, request: AccessRequest) {
  const { expiresAt, id, state, taskId } = request
  return {
    ...{ id, state, url: `${issuer}/v1/tasks/${taskId}/requests/${id}` },
    page: `${issuer}/approvals/${id}`,
    expires_at: new Date(expiresAt).toISOString(),
  }
}

function told({ judged: _, ...refusal }: GrantRefusal): GrantRefusal {
  return refusal
}

function recordStep(
  parts: Pick<FactParts, 'ledger'>,
  attempt: Attempt,
  refusal: GrantRefusal,
  decisionId?: Id<'decision'>,
) {
  return parts.ledger.appendStep(recordOf(attempt, refusal, decisionId))
}

function recordOf(
  attempt: Attempt,
  { reason }: GrantRefusal,
  decisionId?: Id<'decision'>,
): LedgerEvent {
  return {
    decisionId,
    ...attempt.about,
    type: reason === CHALLENGE ? CHALLENGED : attempt.type,
    outcome: reason === CHALLENGE ? 'challenged' : 'refused',
    reason,
    thumbprint: attempt.proof?.thumbprint,
    origin: { ip: attempt.ip },
  }
}

/**
 * Decides how a refusal at the token endpoint, or beside it, goes into the books: by who
 * authenticated, or whose grant was shown.
 */
function bookkeepingForOpening(
  { ledger: { refusals } }: Pick<FactParts, 'ledger'>,
  attempt: { readonly about: Partial<LedgerEvent>; readonly ip: string },
  reason: string,
): Bookkeeping {
  const { agent, task } = attempt.about
  if (agent !== undefined || task !== undefined)
    return bookkeepingOf(refusals, { agent, task, reason })
  if (reason !== CHALLENGE) refusals.countStranger({ at: 'token request', reason, ip: attempt.ip })
  return { as: 'stranger' }
}
