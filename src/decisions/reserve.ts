import type { Permit } from '@remit/engine'
import { type Approval, USE_STEP, useSteps } from '../approvals/index.ts'
import { BUDGET_STEP, takeSteps } from '../tasks/index.ts'
import type { Setting } from './facts.ts'
import type { KnownCase, Looked } from './judging/grounds.ts'
import { alsoKeys } from './liveness.ts'
import { partiesOf } from './minting.ts'
import type { DecisionParts } from './parts.ts'
import { bookSteps, PROOF_STEP, refuseReplay, usedProofSteps } from './refuse.ts'
import { ticketOf } from './still-live.ts'
import type { Denied, Permitted } from './verdict.ts'

/** The word of people that lifts what stands in the way. */
export interface Word {
  readonly approval: Approval
}

/**
 * The one transaction that makes a permit: proof, approval, budget, intent (contract 7). When this has answered, the intent is
 * durable and nothing in it can be used a second time; before, nothing may be sent. `gone`: what was looked at is not
 * there any more, and nothing was written.
 * INVARIANT: this is the only place where a permit comes from.
 */
export async function reserve(
  parts: DecisionParts,
  each: KnownCase,
  given: { permit: Permit; looked: Looked; word: Word | undefined },
): Promise<Permitted | Denied | 'gone'> {
  const { permit, word } = given
  const { budget, setting } = given.looked
  const approval = word?.approval
  const also = approval ? await withApprovers(parts, setting, approval) : setting.also
  const done = await parts.storage.commit([
    ...usedProofSteps(parts, each),
    ...(approval ? useSteps(parts, approval.request, each.id) : []),
    ...takeSteps(parts, budget.takings, each.id),
    ...bookSteps(parts, each, {
      outcome: 'permit',
      reason: approval ? 'approval.used' : 'permitted',
      gates: permit.gates,
      requestId: approval?.request.id,
    }),
  ])
  if (done.committed) return permitted(each, { permit, setting, also })
  if (done.failed === PROOF_STEP) return refuseReplay(parts, each)
  if (done.failed === USE_STEP || done.failed === BUDGET_STEP) return 'gone'
  throw new Error(`a call could not be reserved: ${done.failed}`)
}

/** Those who approved must still be there when the call is sent. */
function withApprovers(parts: DecisionParts, setting: Setting, approval: Approval) {
  const owners = setting.agents.map(({ ownerId }) => ownerId)
  return parts.live.view(alsoKeys(owners, approval.approvers))
}

function permitted(
  each: KnownCase,
  given: { permit: Permit; setting: Setting; also: Setting['also'] },
): Permitted {
  const { call, who } = each
  const { task, chain } = who.held
  const { person } = given.setting
  const ticket = ticketOf(who, given.also)
  const parties = partiesOf(who.held, given.setting)
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
