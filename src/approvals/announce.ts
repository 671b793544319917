import { type ApprovalParts, findRequest, isEligible } from '../access-requests/index.ts'
import { utcMinute } from '../lib/duration.ts'
import { type Announcement, MAX_RECIPIENTS, peopleCalled } from '../notifications/index.ts'
import { findPerson } from '../people/index.ts'
import { answersTo } from './answer-store.ts'
import { stillMissing } from './approvers.ts'

/**
 * Announces an access request to everybody whose approval it lacks; `undefined` when it waits no
 * more.
 */
export async function announceRequest(
  parts: Pick<ApprovalParts, 'clock' | 'storage'>,
  id: string,
): Promise<Announcement | undefined> {
  const request = await findRequest(parts, id)
  if (request?.state !== 'pending') return undefined
  const { read } = parts.storage
  const answered = new Set((await answersTo(read, id)).map(({ personId }) => personId))
  const names = (await stillMissing(read, request)).flatMap((missing) => missing.names)
  const recipients = (await peopleCalled(read, names)).filter(
    (person) => !answered.has(person.id) && isEligible(person, request) === undefined,
  )
  const forWhom = await findPerson(read, request.personId)
  return {
    recipients: recipients.slice(0, MAX_RECIPIENTS),
    title: `${request.risk === 'critical' ? 'Critical call' : `Call of ${request.risk} risk`}: somebody has to approve it`,
    sentence: request.text,
    agent: request.agentId,
    facts: [
      { name: 'Agent', value: request.agentId },
      { name: 'For', value: forWhom?.name ?? request.personId, foreign: true },
      { name: 'Action', value: request.action },
      { name: 'Answer by', value: `${utcMinute(request.expiresAt)}. No answer means no.` },
    ],
    path: `/approvals/${request.id}`,
    expiresAt: request.expiresAt,
  }
}
