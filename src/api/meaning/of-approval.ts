import { needsPage, requireVisibleRequest } from '../../approval-desk/index.ts'
import { answeringOf, shownDigest, shownTo } from '../../approvals/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { OperationInput } from '../../operation-kit/operation.ts'
import { findPerson, type Person } from '../../people/index.ts'
import type { Meaning } from '../../sessions/index.ts'
import type { ApiParts } from '../parts.ts'
import { said } from './words.ts'

/** Says what would be approved: the sentence, who asks for whom, and the call as it would be sent. */
export async function meaningOfApproval(
  { decisions }: ApiParts,
  { body, params }: OperationInput,
  caller: Person,
): Promise<Meaning> {
  return meaningOfCall(decisions, { id: said(params.id), shown: body.shown, caller })
}

/** Says what would be approved alone, why, and what follows. */
export async function meaningOfBreakGlass(
  { decisions }: ApiParts,
  { body }: OperationInput,
  caller: Person,
): Promise<Meaning> {
  const { request: id, reason, shown } = body
  const { facts, sentence, ...rest } = await meaningOfCall(decisions, {
    ...{ id: said(id), shown, caller, alone: true },
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
  {
    alone = false,
    caller,
    id,
    shown,
  }: { id: string; shown: unknown; caller: Person; alone?: boolean },
): Promise<Meaning> {
  const request = await requireVisibleRequest(decisions, caller, id)
  if (request.state !== 'pending')
    throw new Problem('approval.not_pending', 'the request is not waiting for an answer')
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
    ...refusalOf(request, shown, answerer),
  }
}

function refusalOf(
  request: Parameters<typeof shownDigest>[0],
  shown: unknown,
  answerer: Parameters<typeof shownTo>[0],
): Pick<Meaning, 'refused'> {
  if (needsPage(request)) return { refused: 'this call is approved on its own page' }
  return shown === shownTo(answerer, shownDigest(request))
    ? {}
    : { refused: 'something else was shown before' }
}
