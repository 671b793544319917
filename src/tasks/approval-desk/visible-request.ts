import {
  type AccessRequest,
  type ApprovalParts,
  findRequest,
  isEligible,
  presentQuestion,
} from '../../approvals/access-requests/index.ts'
import { mayBreakGlass } from '../../approvals/approvals/break-glass/index.ts'
import { listAnswers } from '../../approvals/approvals/index.ts'
import { findAgent } from '../../identity/agents/index.ts'
import { isAdministrator, type Person } from '../../identity/people/index.ts'
import { rolesOf } from '../../identity/stand-ins/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { readIssueAction } from '../../policy/policy/index.ts'

/**
 * Finds a request for the eyes of those it concerns: who may answer it or did, also for a person who is away, or alone in an emergency, the represented person, the owner of the agent,
 * administrators. To others there is none.
 */
export async function findVisibleRequest(
  parts: Pick<ApprovalParts, 'clock' | 'storage'>,
  person: Person,
  id: string,
): Promise<AccessRequest | undefined> {
  const request = await findRequest(parts, id)
  if (!request) return undefined
  const { read } = parts.storage
  const now = parts.clock.now()
  const question = await presentQuestion(read, request, now)
  const roles = await rolesOf(read, person, now)
  const concerned =
    roles.some((role) => isEligible(role, question) === undefined) ||
    request.personId === person.id ||
    mayBreakGlass(person, request)
  if (concerned || isAdministrator(person)) return request
  const agent = await findAgent(read, request.agentId)
  if (agent?.ownerId === person.id) return request
  const answers = await listAnswers(parts, id)
  return answers.some(({ personId }) => personId === person.id) ? request : undefined
}

/**
 * Reads a request as this person may see it. INVARIANT: every page, operation and confirmation that shows an access request
 * gets it here, or proves that the person may answer it.
 * @throws Problem `approval.unknown` if there is none, or none for the eyes of this person
 */
export async function requireVisibleRequest(
  parts: Pick<ApprovalParts, 'clock' | 'storage'>,
  person: Person,
  id: string,
): Promise<AccessRequest> {
  const request = await findVisibleRequest(parts, person, id)
  if (!request) throw new Problem('approval.unknown', 'there is no such access request')
  return request
}

/**
 * Tells whether an approval of this request has to be given on its page: calls of high risk, rules
 * that want a certain sign-in, and whatever is no call.
 */
export function needsPage(request: AccessRequest): boolean {
  const risky = request.risk === 'high' || request.risk === 'critical'
  const { signature, stepUps = [] } = request.ask
  const proved = stepUps.length > 0 || signature !== undefined
  return risky || proved || readIssueAction(request.action) !== undefined
}
