import type { AccessRequest } from '../../approvals/access-requests/index.ts'
import { answerRequest } from '../../approvals/approvals/index.ts'
import { suspendAgentWithin } from '../../identity/agents/index.ts'
import { addEvent } from '../../identity/notifications/index.ts'
import type { Change } from '../../platform/revocation/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { closeTasks, findTask, type TaskParts } from '../tasks/index.ts'

type RequestAnswer = Parameters<typeof answerRequest>[1]

/** Denial that ends the task of the request, or suspends its agent and reports it. */
type DenialWithAct = Omit<RequestAnswer, 'allowance' | 'answer' | 'edits'> & {
  readonly consequence: 'end_task' | 'report'
}

type AnswerParts = Parameters<typeof answerRequest>[0]

/**
 * Denies a request, and does what comes with it in the same transaction. When it has returned, no replica permits anything under the
 * task, or to the agent. Nothing happens where the denial is refused.
 * @throws Problem as `answerRequest` does
 */
export async function denyRequest(
  parts: TaskParts & AnswerParts,
  given: DenialWithAct,
): Promise<AccessRequest> {
  let change: Change | undefined
  const denied = await answerRequest(parts, { ...given, answer: 'deny' }, (answer) =>
    parts.storage.lanes.revocation.transaction(async (tx) => {
      const request = await answer(tx)
      change = await carryOut(parts, tx, request, given)
      return request
    }),
  )
  if (change) await parts.live.settle(change)
  return denied
}

async function carryOut(
  parts: TaskParts,
  tx: Tx,
  { agentId, id, taskId }: AccessRequest,
  { consequence, person: { id: by } }: DenialWithAct,
): Promise<Change | undefined> {
  if (consequence === 'end_task') {
    // The task may not be open yet: people are asked about openings, too.
    const task = await findTask(tx, taskId)
    return task && closeTasks(parts, tx, [taskId], { by, reason: 'approver' })
  }
  await addEvent(parts, tx, { kind: 'report', subject: id, at: parts.clock.now() })
  const reason = `an approver reported the access request ${id} as suspicious`
  return suspendAgentWithin(parts, tx, { agentId, by, reason })
}
