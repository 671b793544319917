import { answeringOf } from '../../../approvals/approvals/index.ts'
import { findPerson, type Person } from '../../../identity/people/index.ts'
import type { ChangeSummary } from '../../../identity/sessions/index.ts'
import { requireVisibleRequest } from '../../../tasks/approval-desk/index.ts'
import type { OperationInput } from '../../operation-kit/operation.ts'
import { said } from '../meaning/words.ts'
import type { ApiParts } from '../parts.ts'

/** Says what would be approved: the sentence, who asks for whom, and the call as it would be sent. */
export async function meaningOfApproval(
  { decisions }: Pick<ApiParts, 'decisions'>,
  { params }: OperationInput,
  caller: Person,
): Promise<ChangeSummary> {
  return meaningOfCall(decisions, { id: said(params.id), caller })
}

/** Says what would be approved alone, why, and what follows. */
export async function meaningOfBreakGlass(
  { decisions }: Pick<ApiParts, 'decisions'>,
  { body }: OperationInput,
  caller: Person,
): Promise<ChangeSummary> {
  const { request: id, reason } = body
  const { facts, sentence, ...rest } = await meaningOfCall(decisions, {
    ...{ id: said(id), caller, alone: true },
  })
  return {
    ...rest,
    sentence: sentence.replace('Approve once', 'Approve alone, once, in an emergency'),
    facts: [...facts, ['Your reason', said(reason)]],
    consequences: [
      'Administrators, the owner of the agent and whom it works for are told at once.',
      'Another administrator has to review it; if that is missed, you approve nothing alone until it is done.',
    ],
  }
}

async function meaningOfCall(
  decisions: ApiParts['decisions'],
  { alone = false, caller, id }: { id: string; caller: Person; alone?: boolean },
): Promise<ChangeSummary> {
  const request = await requireVisibleRequest(decisions, caller, id)
  const { read } = decisions.storage
  const person = await findPerson(read, request.personId)
  const now = decisions.clock.now()
  const { answerer } = await answeringOf(read, { request, person: caller, now })
  const { standsInFor } = answerer
  return {
    sentence: `Approve once: ${request.text}`,
    facts: [
      ['Agent', request.agentId],
      ['On behalf of', person?.name ?? request.personId],
      ...(standsInFor && !alone ? [['You answer for', standsInFor.name] as const] : []),
      ['Action', `${request.action}, ${request.risk} risk`],
      ['Exactly this is sent', request.call],
      ['Why', request.ask.prompts.join(' ') || request.ask.forbids.map(({ id }) => id).join(', ')],
    ],
  }
}
