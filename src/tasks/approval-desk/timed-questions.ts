import { timedRequests } from '../../approvals/access-requests/index.ts'
import type { TimedQuestion } from '../../identity/notifications/index.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { timedConsents } from '../consent/index.ts'

/** Reads what times the messages about access requests and consent requests, answered ones included, by id. */
export async function timedQuestions(
  db: Reader,
  ids: readonly string[],
): Promise<ReadonlyMap<string, TimedQuestion>> {
  const found = new Map<string, TimedQuestion>()
  for (const { agentId: agent, expiresAt, id, risk } of await timedRequests(db, ids))
    found.set(id, { agent, expiresAt, isRisky: risk === 'high' || risk === 'critical' })
  for (const { agentId: agent, expiresAt, id } of await timedConsents(db, ids))
    found.set(id, { agent, expiresAt, isRisky: false })
  return found
}
