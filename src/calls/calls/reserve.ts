import type { CallFacts, Permit } from '@remit/engine'
import {
  ALLOWANCE_GUARD,
  type Approval,
  USE_GUARD,
  type usableAllowances,
  useAllowanceSteps,
  useSteps,
} from '../../approvals/approvals/index.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import {
  type Guard,
  OVERTAKEN,
  type Step,
  type WriteConflict,
} from '../../platform/storage/index.ts'
import { BUDGET_GUARD, budgetSteps, type LimitStatus } from '../../tasks/budgets/index.ts'
import {
  type ApplicableLimits,
  alsoKeys,
  PROOF_GUARD,
  type Setting,
  tokenParties,
} from '../../tasks/facts/index.ts'
import type { KnownCase } from './case.ts'
import type { DecisionInputsWithLimits } from './judgment/decision-inputs.ts'
import { noticeSteps } from './notices/notify.ts'
import type { CallParts } from './parts.ts'
import { bookingOf, refuseReplay, usedProofSteps } from './refuse.ts'
import { commitKnown } from './settlement/commit-known.ts'
import { ticketOf } from './still-live.ts'
import type { DecidedCase, DenyVerdict, PermitVerdict } from './verdict.ts'

/** The word of people that lifts what stands in the way: of this very call, or of calls like it. */
export type Word =
  | ({ readonly of: 'this call' } & Approval)
  | ({ readonly of: 'such calls' } & Awaited<ReturnType<typeof usableAllowances>>[number])

/**
 * The one transaction that makes a permit: proof, approval, budget, intent (contract 7). When this has answered, the intent is
 * durable and nothing in it can be used a second time; before, nothing may be sent. Overtaken: another call took something that
 * was looked at, and nothing was written.
 * INVARIANT: this is the only place where a permit comes from.
 */
export async function reserve(
  parts: CallParts,
  each: KnownCase,
  given: {
    permit: Permit
    facts: CallFacts
    looked: DecisionInputsWithLimits
    word: Word | undefined
  },
): Promise<PermitVerdict | DenyVerdict | WriteConflict> {
  const { facts, permit, word } = given
  const { budget, risk, setting, standing } = given.looked
  const approvers = word && (await approversOf(parts, word))
  const booking = bookingOf(parts, each, {
    outcome: 'permit',
    gates: permit.gates,
    facts,
    ...bookedOf(word),
  })
  const steps = [
    ...usedProofSteps(parts, each),
    // Budgets before what people said, here and where they are given back, so that no two commits wait for each other.
    ...budgetSteps(parts, budget.takings, { decisionId: each.id, at: each.at }),
    ...(word ? wordSteps(parts, each, word) : []),
    ...parts.risk.steps(risk, each.id),
    ...noticeSteps(parts, each, permit.obligations),
    ...booking.steps,
  ]
  const commit = () => commitKnown(parts, each.id, steps)
  const rows = budget.takings.map(({ name, owner }) => `${owner} ${name}`)
  const done = await (parts.reservations?.pass(commit, rows) ?? commit())
  if (done.committed) {
    booking.done()
    parts.risk.permitted(risk, each.id)
    const settles = settledBy(budget)
    return {
      ...permitted(each, {
        parts,
        permit,
        setting,
        standing,
        approvers,
        looked: given.looked,
        facts,
      }),
      ...usedUp(word),
      settles,
    }
  }
  if (done.failed === PROOF_GUARD) return refuseReplay(parts, each)
  if (TAKEN.includes(done.failed)) return OVERTAKEN
  throw done.failed.problem()
}

/** Each part once, however many limits are about it. */
function settledBy({ takings }: LimitStatus): PermitVerdict['settles'] {
  const parts = takings.flatMap(({ settles }) => settles ?? [])
  return parts.length === 0
    ? parts
    : [...new Map(parts.map((part) => [`${part.kind} ${part.path}`, part])).values()]
}

/** Guards that fail when another call took something since it was looked at. */
const TAKEN: readonly Guard[] = [USE_GUARD, ALLOWANCE_GUARD, BUDGET_GUARD]

function wordSteps(
  parts: Pick<CallParts, 'clock' | 'ledger' | 'storage'>,
  each: KnownCase,
  word: Word,
): Step[] {
  if (word.of === 'this call') return useSteps(parts, word.request, each.id)
  const by = { decisionId: each.id, taskId: each.who.held.task.id }
  return useAllowanceSteps(parts, word.allowance, by)
}

function bookedOf(word: Word | undefined) {
  if (!word) return { reason: 'permitted' }
  return word.of === 'this call'
    ? { reason: 'approval.used', ...usedUp(word) }
    : { reason: 'allowance.used', allowanceId: word.allowance.id }
}

function usedUp(word: Word | undefined): Pick<PermitVerdict, 'requestId'> {
  return word?.of === 'this call' ? { requestId: word.request.id } : {}
}

/** Views those who approved: they must still be there when the call is sent. */
function approversOf(parts: Pick<CallParts, 'live'>, { approvers }: Word) {
  return parts.live.view(alsoKeys([], approvers))
}

function decidedOf(
  each: KnownCase,
  {
    facts,
    looked,
    permit,
  }: { permit: Permit; looked?: DecisionInputsWithLimits; facts?: CallFacts },
): DecidedCase | undefined {
  return looked && facts && { each, looked, facts, obligations: permit.obligations }
}

/** Writes a permit. It permits nothing that is not reserved, or was not before. */
export function permitted(
  each: KnownCase,
  given: {
    parts: CallParts
    permit: Permit
    setting: Setting
    standing: ApplicableLimits
    approvers: LiveView | undefined
    looked?: DecisionInputsWithLimits
    facts?: CallFacts
  },
): Omit<PermitVerdict, 'settles'> {
  const { call, who } = each
  const { task, chain } = who.held
  const { person } = given.setting
  const ticket = ticketOf(who, given.setting, {
    word: given.approvers,
    limits: given.standing.view,
    decided: decidedOf(each, given),
  })
  const parties = tokenParties(given.parts, who.held, given.setting, call.resource)
  const about = {
    id: task.id,
    purpose: task.purpose,
    ...(task.parentId === null ? {} : { parent: task.parentId }),
  }
  return {
    outcome: 'permit',
    decisionId: each.id,
    person: { id: person.id, issuer: person.issuer, subject: person.subject },
    agent: task.agentId,
    chain,
    task: about,
    view: who.view,
    transactionClaims: {
      decisionId: each.id,
      parties,
      task: about,
      location: call.resource.identifier,
      action: call.action.name,
      arguments: call.arguments,
      notAfter: ticket.notAfter,
    },
    obligations: given.permit.obligations,
    ticket,
  }
}
