import { type CallFacts, decide, type RequestableDeny } from '@remit/engine'
import { findRequest } from '../../../approvals/access-requests/index.ts'
import {
  type ApprovalLookup,
  usableAllowances,
  usableApproval,
} from '../../../approvals/approvals/index.ts'
import { editedArguments } from '../../../approvals/call-edits/index.ts'
import { countedRisk } from '../../../catalog/catalog/index.ts'
import type { Id } from '../../../platform/lib/id.ts'
import type { WriteConflict } from '../../../platform/storage/index.ts'
import { requesterOf } from '../../../tasks/facts/index.ts'
import { askPeople, toldRequest } from '../ask.ts'
import type { KnownCase } from '../case.ts'
import type { CallParts } from '../parts.ts'
import { refuse, refuseExecuted } from '../refuse.ts'
import { reserve } from '../reserve.ts'
import type { DenyVerdict, Verdict } from '../verdict.ts'
import { type DecisionInputsWithLimits, gatherCallFacts } from './decision-inputs.ts'
import { inspectedOf } from './inspected.ts'

/**
 * Judges a call that needs people by their answers so far: an approval of this very call first, then an
 * allowance that covers it; a denial of this very call comes before both. Overtaken when another call used
 * the found answer in the same moment.
 */
export async function judgeWithPeople(
  parts: CallParts,
  each: KnownCase,
  looked: DecisionInputsWithLimits,
  decision: RequestableDeny & { readonly facts: CallFacts },
): Promise<Verdict | WriteConflict> {
  const { facts, gates } = decision
  const { task } = each.who.held
  const requester = requesterOf(looked.setting.where, task)
  const said = await usableApproval(parts, task.id, each.callHash ?? '', each.at, requester)
  if (said.state === 'denied')
    return refuse(parts, each, { ...(await deniedByPeople(parts, said)), gates, facts })
  if (said.state === 'usable') {
    const { approval } = said
    // An approval lifts the forbids it names, in a new evaluation; it is never a way around one.
    const lifting = { forbids: approval.request.ask.forbids }
    const lifted = gatherCallFacts(each, looked, lifting)
    const again = decide(lifted, looked.policies)
    if (again.outcome === 'deny') return refuse(parts, each, { ...again, facts: lifted })
    if (again.outcome === 'permit') {
      const word = { of: 'this call', ...approval } as const
      return reserve(parts, each, { permit: again, facts: lifted, looked, word })
    }
  }
  const allowed = await judgeWithAllowances(parts, each, looked)
  if (allowed) return allowed
  if (said.state === 'executed') {
    // As the approval that was used lifted it then, by what policies say now.
    const lifting = { forbids: said.request.ask.forbids }
    const again = decide(gatherCallFacts(each, looked, lifting), looked.policies)
    const obligations = again.outcome === 'permit' ? again.obligations : undefined
    return refuseExecuted(parts, each, said.request, { gates, facts, obligations })
  }
  return askPeople(parts, each, decision, { insufficient: insufficient(said), requester })
}

/**
 * Judges a call with allowances. `undefined` when none means this call and lifts all that
 * stands in the way.
 */
async function judgeWithAllowances(
  parts: CallParts,
  each: KnownCase,
  looked: DecisionInputsWithLimits,
): Promise<Verdict | WriteConflict | undefined> {
  const { call, who } = each
  const { chain, task } = who.held
  const asked = {
    taskId: task.id,
    personId: task.personId,
    requesterId: requesterOf(looked.setting.where, task),
    agentId: task.agentId,
    chain,
    sponsored: task.sponsored,
    resource: call.resource.name,
    upstream: call.resource.upstream,
    action: call.action.name,
    definition: call.action.digest,
    risk: countedRisk(call.action),
    bound: task.keyThumbprint !== null,
    leaves: inspectedOf(call),
  }
  for (const usable of await usableAllowances(parts, asked, each.at)) {
    const { ask, id } = usable.allowance
    // As with an approval: exactly the forbids it was given for, in a new evaluation by all gates.
    const lifting = { forbids: ask.forbids, by: `allowance ${id}` }
    const facts = gatherCallFacts(each, looked, lifting)
    const permit = decide(facts, looked.policies)
    if (permit.outcome !== 'permit') continue
    return reserve(parts, each, { permit, facts, looked, word: { of: 'such calls', ...usable } })
  }
  return undefined
}

/** An approval in hand that turned out not to be enough: other policies by now, or approvers who may no longer. */
function insufficient(said: ApprovalLookup): Id<'request'>[] {
  if (said.state === 'usable') return [said.approval.request.id]
  return said.state === 'lapsed' ? [said.request.id] : []
}

/** Tells the agent what people said, and how they changed the call where they did. */
export async function deniedByPeople(
  parts: Pick<CallParts, 'clock' | 'issuer' | 'storage'>,
  said: Extract<ApprovalLookup, { state: 'denied' }>,
): Promise<Pick<DenyVerdict, 'detail' | 'edited' | 'enough' | 'reason'>> {
  const { editedTo, reason: words } = said.request
  const edited = editedTo && (await findRequest(parts, editedTo))
  if (edited && (edited.state === 'approved' || edited.state === 'pending')) {
    const changes = editedArguments(said.request, edited)
    const lines = changes.map(({ from, path, to }) => `${path.slice(1)} ${to} instead of ${from}`)
    return {
      reason: 'approval.edited',
      detail: `a person approved this call with changes: ${lines.join(', ')}${words === null ? '' : `; they wrote: ${words}`}`,
      enough:
        'the same call with these changes and no others; it goes through once when it is approved',
      edited: { request: toldRequest(parts, edited), changes },
    }
  }
  return {
    reason: 'approval.denied',
    detail: words === null ? 'a person denied this call' : `a person denied this call: ${words}`,
    enough: `another way to the goal; the same call asks no one before ${new Date(said.until).toISOString()}`,
  }
}
