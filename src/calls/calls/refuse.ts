import type { CallFacts, Deny, GateResult, Obligation } from '@remit/engine'
import type { AccessRequest } from '../../approvals/access-requests/index.ts'
import type { Bookkeeping } from '../../platform/ledger/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import {
  type CommitResult,
  Guard,
  type Reader,
  type Step,
  type Storage,
} from '../../platform/storage/index.ts'
import {
  challengeFor,
  codeOf,
  findDecision,
  inputsOf,
  insertDecisionQuery,
  insertSettingQuery,
} from '../../tasks/decision-log/index.ts'
import { PROOF_GUARD, proofStep } from '../../tasks/facts/index.ts'
import { type Case, type Finding, type RecordedRequest, recordOf, rowOf } from './case.ts'
import { keptFor } from './held-calls/kept-result.ts'
import type { CallParts } from './parts.ts'
import { bookkeepingFor } from './refused-caller.ts'
import type { DenyVerdict, ExecutedVerdict } from './verdict.ts'

/** Steps that book an answer: what it was made from, its row and its record. */
export interface DecisionEntry {
  readonly steps: readonly Step[]
  /** To be called after they were committed. */
  readonly done: () => void
}

export function bookingOf(
  parts: CallParts,
  each: RecordedRequest,
  finding: Finding,
): DecisionEntry {
  const { done, queries } = bookQueries(parts, parts.storage.read, each, finding)
  return { steps: [...queries, parts.ledger.appendStep(recordOf(each, finding))], done }
}

/**
 * Makes the steps that book an answer, without its record. A setting that others may store at the
 * same moment comes last before the row, so that it is not held for long.
 */
export function bookQueries(
  { facts, observer, shadow }: Pick<CallParts, 'facts' | 'observer' | 'shadow'>,
  db: Reader,
  each: RecordedRequest,
  finding: Finding,
): { readonly queries: readonly Step[]; readonly done: () => void } {
  const row = rowOf(each, finding)
  const judged = finding.facts
  const count = () => observer.decided(row)
  if (!judged) return { queries: [decisionStep(insertDecisionQuery(db, row))], done: count }
  const setting = facts.recorded.of(judged)
  const { digest, unstored } = setting
  const from = { inputs: inputsOf(judged, each.at), setting: digest }
  const decision = decisionStep(insertDecisionQuery(db, row, from))
  const offer = () => {
    count()
    shadow?.offer({ row, facts: judged })
  }
  if (unstored === undefined) return { queries: [decision], done: offer }
  const query = insertSettingQuery(db, digest, unstored)
  return {
    queries: [{ name: 'decision setting', query, rows: 'any' }, decision],
    done: () => {
      facts.recorded.noteStored(setting)
      offer()
    },
  }
}

/** Fails where the same decision is stored already (`commitKnown`). */
const DECISION_GUARD = new Guard('new decision')

function decisionStep(query: Step['query']): Step {
  return { guard: DECISION_GUARD, query, rows: 1 }
}

/**
 * Makes the step with which an answer to a request uses up its proof.
 * INVARIANT: a request uses up its proof exactly once: with its first answer, whatever that is.
 */
export function usedProofSteps(
  parts: Pick<CallParts, 'storage'>,
  { proofUsed, who }: Pick<RecordedRequest, 'proofUsed' | 'who'>,
): Step[] {
  return who.proof && !proofUsed ? [proofStep(parts, who.proof)] : []
}

/** Commits steps with a used proof. False: it was used before. A bearer token has none, and nothing to write. */
export async function consumeProof(
  parts: Pick<CallParts, 'live' | 'storage'>,
  steps: readonly Step[],
): Promise<boolean> {
  if (steps.length === 0) return true
  const done = await parts.live.commit(parts.storage, steps)
  if (!done.committed && done.failed !== PROOF_GUARD) throw done.failed.problem()
  return done.committed
}

/** Reason for a denial, and the facts it was found from where the gates were asked. */
export type DenialReason = Pick<Deny, 'gates' | 'reason' | 'detail' | 'enough'> &
  Pick<Finding, 'facts'> &
  Pick<DenyVerdict, 'edited'>

/**
 * A refusal uses up its proof and is recorded, in one transaction. With a proof that was used before, that is why. A stranger's is
 * counted, and what repeats itself is explained by an earlier one (contract 12.14).
 */
export async function refuse(
  parts: CallParts,
  each: RecordedRequest,
  because: DenialReason,
): Promise<DenyVerdict> {
  const finding: Finding = { ...because, outcome: 'deny' }
  const booked = await book(parts, each, finding)
  return booked.as === 'replay' ? refuseReplay(parts, each) : deniedOf(booked, because)
}

/** `as`: how it went into the books; `replay`: the proof was used before, and nothing was written. */
interface BookedRefusal {
  readonly id: Id<'decision'>
  readonly as: 'decision' | 'stranger' | 'count' | 'replay'
}

async function book(
  parts: CallParts,
  each: RecordedRequest,
  finding: Finding,
  commit: Storage['commit'] = (steps) => parts.storage.commit(steps),
): Promise<BookedRefusal> {
  const keeping = bookkeepingFor(parts, each, finding.reason)
  // INVARIANT: what a stranger sends writes nothing, not even that its proof was used.
  const { id } = each
  if (keeping.as === 'stranger') return { id, as: 'stranger' }
  // A proof by another key than the token's could not be used for anything.
  const usable = keeping.as === 'record' || each.who.known
  const used = usable ? usedProofSteps(parts, each) : []
  const booking = keeping.as === 'record' ? bookingOf(parts, each, finding) : NO_BOOKING
  const steps = [...used, ...booking.steps]
  const done = steps.length === 0 ? DONE : await commit(steps)
  if (!done.committed && done.failed !== PROOF_GUARD) throw done.failed.problem()
  if (!done.committed) return { id, as: 'replay' }
  booking.done()
  if (keeping.as === 'repeat') return likeOf(keeping, id)
  keeping.done(id)
  return { id, as: 'decision' }
}

/**
 * Names the earlier decision that stands for a refusal that was only counted; where there is none,
 * the refusal itself.
 */
export function likeOf(
  { like }: Extract<Bookkeeping, { as: 'repeat' }>,
  id: Id<'decision'>,
): BookedRefusal {
  return like === undefined ? { id, as: 'count' } : { id: like, as: 'decision' }
}

const NO_BOOKING: DecisionEntry = { steps: [], done: () => {} }
const DONE: CommitResult = { committed: true }

const REPLAYED: GateResult = {
  gate: 'credential',
  passed: false,
  reason: 'proof.replayed',
  detail: 'the proof was used before',
  enough: 'a fresh proof for every request',
}

/**
 * Refuses a proof that was used before. There is nothing to use up any more; it is recorded all the
 * same.
 */
export async function refuseReplay(parts: CallParts, each: RecordedRequest): Promise<DenyVerdict> {
  const { detail, enough = '' } = REPLAYED
  const because = { gates: [REPLAYED], reason: 'proof.replayed', detail, enough }
  const spent = { ...each, proofUsed: true }
  return deniedOf(await book(parts, spent, { ...because, outcome: 'deny' }), because)
}

/** The call was approved and executed before: told what became of it, and never executed again. */
export async function refuseExecuted(
  parts: CallParts,
  each: Case,
  request: AccessRequest,
  found: {
    readonly gates: readonly GateResult[]
    readonly facts: CallFacts
    /**
     * Obligations that a permit of the same call would have now; `undefined` where there would be
     * no permit.
     */
    readonly obligations: readonly Obligation[] | undefined
  },
): Promise<ExecutedVerdict | DenyVerdict> {
  const { facts, gates, obligations } = found
  const finding: Finding = {
    outcome: 'deny',
    reason: 'approval.used',
    ...{ facts, gates },
    detail: 'the approval of this call was used for its one execution',
    enough: 'a new access request for the same call',
    requestId: request.id,
  }
  // The earlier answer is told again: that, too, needs a lease.
  const commit: Storage['commit'] = (steps) => parts.live.commit(parts.storage, steps)
  if ((await book(parts, each, finding, commit)).as === 'replay') return refuseReplay(parts, each)
  const execution = request.usedBy && (await findDecision(parts.storage.read, request.usedBy))
  if (!execution) throw new Error('an approval was used by a decision that has no row')
  const { state } = execution
  return {
    outcome: 'executed',
    decisionId: execution.id,
    state: state === 'decided' || state === 'not_sent' ? 'sending' : state,
    status: execution.status ?? undefined,
    // An answer is told only where it is known that it was the answer.
    ...(state === 'answered' ? await keptFor(parts, execution.id, obligations) : {}),
    requestId: request.id,
    requestUrl: `${parts.issuer}/v1/tasks/${request.taskId}/requests`,
  }
}

export function deniedOf(
  { as, id }: Pick<BookedRefusal, 'id'> & Partial<BookedRefusal>,
  because: Pick<Deny, 'gates' | 'reason' | 'detail' | 'enough'> & Pick<DenyVerdict, 'edited'>,
): DenyVerdict {
  const reason = codeOf(because.reason)
  const { gates, detail, edited, enough } = because
  const challenge = challengeFor(reason, gates)
  return {
    outcome: 'deny',
    decisionId: id,
    ...(as === 'stranger' ? { unrecorded: true, stranger: true } : {}),
    ...(as === 'count' ? { unrecorded: true } : {}),
    reason,
    detail,
    enough,
    gates,
    ...(challenge && { challenge }),
    ...(edited && { edited }),
  }
}
