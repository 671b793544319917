import { findAgent } from '../../identity/agents/index.ts'
import {
  type Announcement,
  groupsCalled,
  MAX_RECIPIENTS,
  peopleCalled,
} from '../../identity/notifications/index.ts'
import { ADMINISTRATORS, findPerson } from '../../identity/people/index.ts'
import { type ApprovalParts, readAccessRequest } from '../access-requests/index.ts'
import { answersTo } from './answer-store.ts'

/**
 * Announces a request that was reported as suspicious to the owner of its agent and to the
 * administrators.
 */
export async function announceReport(
  { storage: { read } }: Pick<ApprovalParts, 'storage'>,
  id: string,
): Promise<Announcement | undefined> {
  const request = await readAccessRequest(read, id)
  const reported = (await answersTo(read, id)).find(({ consequence }) => consequence === 'report')
  if (!request || !reported) return undefined
  const owner = (await findAgent(read, request.agentId))?.ownerId
  const by = await findPerson(read, reported.personId)
  const names = [...(owner === undefined ? [] : [`person:${owner}`]), `group:${ADMINISTRATORS}`]
  return {
    recipients: (await peopleCalled(read, names)).slice(0, MAX_RECIPIENTS),
    groups: groupsCalled(names),
    title: 'An agent was reported as suspicious and is suspended',
    sentence: request.text,
    agent: request.agentId,
    facts: [
      { name: 'Agent', value: request.agentId },
      { name: 'Reported by', value: by?.name ?? reported.personId, foreign: true },
      { name: 'They wrote', value: reported.reason ?? 'nothing', foreign: true },
      { name: 'Action', value: request.action },
    ],
    path: `/approvals/${request.id}`,
    expiresAt: null,
  }
}
