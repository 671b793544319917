import type { AccessRequest, ApprovalAnswer } from './access-request.ts'
import { answersTo } from './answer-store.ts'
import { type Approver, isEligible, namesOf } from './eligibility.ts'
import type { ApprovalParts } from './parts.ts'
import {
  type Place,
  readRequest,
  requestsAsking,
  requestsInState,
  requestsOfTask,
} from './request-store.ts'
import { isWaiting } from './standing.ts'

type ReadingParts = Pick<ApprovalParts, 'storage' | 'clock'>

const AT_ONCE = 200
const MOST_LISTED = 100

/** The requests that wait for this person among others, newest first, at most 100. */
export async function listForApprover(
  parts: ReadingParts,
  person: Approver,
): Promise<AccessRequest[]> {
  const now = parts.clock.now()
  const listed: AccessRequest[] = []
  const names = namesOf(person)
  let after: Place | undefined
  do {
    const page = await requestsAsking(parts.storage.read, names, { count: AT_ONCE, after })
    for (const request of page) {
      if (isWaiting(request, now) && isEligible(person, request) === undefined) listed.push(request)
    }
    after = page.length < AT_ONCE ? undefined : page.at(-1)
  } while (after && listed.length < MOST_LISTED)
  return listed.slice(0, MOST_LISTED)
}

/** The requests that agents made on this person's behalf and that wait, newest first. */
export async function listForPerson(
  parts: ReadingParts,
  personId: string,
): Promise<AccessRequest[]> {
  const page = await requestsInState(parts.storage.read, 'pending', {
    count: MOST_LISTED,
    personId,
  })
  return page.filter((request) => isWaiting(request, parts.clock.now()))
}

/** Every request of a task, newest first, at most 200. */
export async function listForTask(parts: ReadingParts, taskId: string): Promise<AccessRequest[]> {
  return requestsOfTask(parts.storage.read, taskId)
}

/** A request as it counts now: what is past its end reads `expired`, whether or not the sweep has been there. */
export async function findRequest(
  parts: ReadingParts,
  id: string,
): Promise<AccessRequest | undefined> {
  const request = await readRequest(parts.storage.read, id)
  if (request?.state !== 'pending' || isWaiting(request, parts.clock.now())) return request
  return { ...request, state: 'expired' }
}

/** What people said so far, in order. */
export async function listAnswers(
  parts: ReadingParts,
  requestId: string,
): Promise<ApprovalAnswer[]> {
  return answersTo(parts.storage.read, requestId)
}
