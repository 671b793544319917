import { newId } from '../../../platform/lib/id.ts'
import type { Tx } from '../../../platform/storage/index.ts'
import { type AccessRequest, type ApprovalParts, readFrozen } from '../../access-requests/index.ts'
import type { Allowance, Choice } from './allowance.ts'
import { insertAllowance } from './allowance-store.ts'
import { choiceEnds } from './choice.ts'
import { aboutAllowance } from './record.ts'
import { patternInWords } from './words.ts'

/** Makes an allowance of what all approvers of a request chose; `first`: when the first of them answered. */
export async function giveAllowance(
  parts: Pick<ApprovalParts, 'ledger' | 'clock' | 'random'>,
  tx: Tx,
  request: AccessRequest,
  given: { choice: Choice; by: string; first: number },
): Promise<Allowance> {
  const { by, choice, first } = given
  const { chain, definition, upstream } = readFrozen(request.call)
  const allowance: Allowance = {
    id: newId('allowance', parts.random),
    requestId: request.id,
    taskId: choice.tie === 'task' ? request.taskId : null,
    agentId: request.agentId,
    personId: request.personId,
    chain,
    sponsored: request.sponsored,
    resource: request.resource,
    upstream,
    action: request.action,
    definition,
    pattern: choice.pattern,
    ask: request.ask,
    text: patternInWords(request.action, choice.pattern),
    uses: choice.uses,
    usesLeft: choice.uses,
    createdAt: parts.clock.now(),
    expiresAt: choiceEnds(request, choice, first),
    lastUsedAt: null,
    endedAt: null,
    endedBy: null,
  }
  await insertAllowance(tx, allowance)
  await parts.ledger.append(
    tx,
    aboutAllowance('allowance.given', allowance, {
      by,
      facts: {
        tie: choice.tie,
        uses: choice.uses,
        expires_at: allowance.expiresAt,
        forbids: request.ask.forbids,
        definition,
      },
      private: { pattern: choice.pattern, text: allowance.text },
    }),
  )
  return allowance
}
