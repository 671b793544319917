import { OVERTAKEN, type WriteConflict } from '../../../platform/storage/index.ts'
import { BASES_GUARD } from '../../../tasks/consent/index.ts'
import { findTask, LINE_GUARD, type TaskLineage } from '../../../tasks/tasks/index.ts'
import { type GrantRefusal, refused, refusedBy, refuseOpening } from '../../issuance/index.ts'
import type { OpeningAnswer } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { askApprovers } from '../pipeline/ask-approvers.ts'
import { askPerson, offerRest } from '../pipeline/ask-person.ts'
import {
  type AuthenticatedOpening,
  type AuthenticationResult,
  refuseFailed,
} from '../pipeline/authenticated.ts'
import { beginTask, returnOnceStep, untilBasesHold } from '../pipeline/begin.ts'
import { lineageOf } from '../pipeline/plan.ts'
import { answerOpening } from './answer.ts'
import { grantOf, lineOf, planOpening } from './plan-opening.ts'

/**
 * Handles a live opening after its authentication, in order: plan, ask people or defer, begin in
 * one commit, answer. Every refusal is recorded here, and uses up nothing but the proof.
 */
export async function open(
  parts: GrantParts,
  opening: AuthenticationResult,
): Promise<OpeningAnswer> {
  if (opening.outcome === 'failed') return refuseFailed(parts, opening)
  if (opening.outcome !== 'authenticated') return opening
  const answer = await untilBasesHold(() => planAndBegin(parts, opening))
  return answer.outcome === 'overtaken'
    ? refuseOpening(parts, opening.attempt, refusedBy(BASES_GUARD))
    : answer
}

async function planAndBegin(
  parts: GrantParts,
  opening: AuthenticatedOpening,
): Promise<OpeningAnswer | WriteConflict> {
  const { also, attempt, before, requester, handsOnNothing, origin, request } = opening
  const refuseGrant = (refusal: GrantRefusal) => refuseOpening(parts, attempt, refusal)
  const { asksPeople } = opening
  const plan = await planOpening(parts, opening, { asksPeople })
  if (plan.outcome === 'refused') return refuseGrant(plan)
  if (plan.outcome === 'needs_consent')
    return asksPeople ? askPerson(parts, opening, plan) : refuseGrant(NOT_SAID)
  if (plan.outcome === 'needs_approval') {
    const of = { ...(await lineOf(parts, opening)), grant: grantOf(opening) }
    return askApprovers(parts, opening, plan, of)
  }
  const held = await lineageOf(parts, opening, plan, { handsOnNothing })
  const not = await before?.(held)
  if (not) return refuseGrant(not)
  const failed = await beginTask(parts, held.task, {
    ...{ requester, also, guards: plan.guards?.(held) },
    record: { chain: held.chain, tokenId: attempt.about.tokenId, origin },
  })
  if (failed === BASES_GUARD) return OVERTAKEN
  if (failed === LINE_GUARD) return refuseGrant(await notOpen(parts, held.above))
  if (failed !== undefined) return refuseGrant(refusedBy(failed))
  const { resource, scope = opening.scope } = request
  const returns = also ? [returnOnceStep(parts, also)] : []
  const question = asksPeople ? await offerRest(parts, opening, plan.grant) : undefined
  return answerOpening(parts, { resource, scope }, held, { grant: plan.grant, question, returns })
}

const NOT_SAID = refused('grant.not_accepted', 'its issuer does not state what this client may do')

/** Says what became of the line between plan and commit. */
async function notOpen(
  parts: Pick<GrantParts, 'storage'>,
  line: TaskLineage['above'],
): Promise<GrantRefusal> {
  for (const { id } of line) {
    const task = await findTask(parts.storage.read, id)
    if (task?.state === 'suspended') return refused('task.suspended', 'a task above is suspended')
  }
  return refusedBy(LINE_GUARD)
}
