import { rolesOf } from '../../identity/stand-ins/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { AccessRequest } from './access-request.ts'
import { type Approver, approverNames } from './eligibility.ts'
import {
  type ApproverQuery,
  countAsking,
  pagePosition,
  requestsAsking,
  requestsFor,
  requestsOfTask,
  waitingRequests,
} from './list-store.ts'
import type { ListedRequest } from './listed-request.ts'
import type { ApprovalParts } from './parts.ts'
import { readAccessRequest } from './request-store.ts'
import { isWaiting } from './standing.ts'

type ReadingParts = Pick<ApprovalParts, 'storage' | 'clock'>

const DEFAULT_LIMIT = 100

/** Part of a list that is oldest first. `after` and `before` are ids of requests; only one of them counts, `before` first. */
export interface ListPage {
  readonly limit?: number | undefined
  readonly after?: string | undefined
  readonly before?: string | undefined
}

/**
 * The requests that wait for this person among others, oldest first: who asks later stands behind, however much it asks.
 * @throws Problem `approval.unknown`
 */
export async function listForApprover(
  parts: ReadingParts,
  person: Approver,
  { agentId, ...page }: ListPage & { readonly agentId?: string | undefined } = {},
): Promise<ListedRequest[]> {
  if (person.status !== 'active') return []
  const who = { ...(await askedOf(parts, person)), agentId }
  return requestsAsking(parts.storage.read, who, await placed(parts, page))
}

/**
 * Counts the requests of each agent that wait for this person, the agents with the fewest first.
 */
export async function countForApprover(
  parts: ReadingParts,
  person: Approver,
): Promise<{ agentId: string; count: number }[]> {
  if (person.status !== 'active') return []
  return countAsking(parts.storage.read, await askedOf(parts, person))
}

async function askedOf({ clock, storage }: ReadingParts, person: Approver): Promise<ApproverQuery> {
  const now = clock.now()
  const roles = (await rolesOf(storage.read, person, now)).map(({ standsInFor }) =>
    standsInFor
      ? { names: approverNames(standsInFor), standsInFor: standsInFor.id }
      : { names: approverNames(person) },
  )
  return { roles, personId: person.id, now }
}

/**
 * The requests that agents made on this person's behalf and that wait, oldest first. `except`: without those that they may answer
 * themselves, as this person.
 * @throws Problem `approval.unknown`
 */
export async function listForPerson(
  parts: ReadingParts,
  personId: string,
  { except, ...page }: ListPage & { readonly except?: Approver } = {},
): Promise<ListedRequest[]> {
  const who = { personId, now: parts.clock.now(), except: except ? approverNames(except) : [] }
  return requestsFor(parts.storage.read, who, await placed(parts, page))
}

async function placed({ storage }: ReadingParts, { after, before, limit }: ListPage) {
  const find = async (id: string | undefined) => {
    if (id === undefined) return undefined
    const place = await pagePosition(storage.read, id)
    if (!place) throw new Problem('approval.unknown', 'the cursor is not valid')
    return place
  }
  return { count: limit ?? DEFAULT_LIMIT, after: await find(after), before: await find(before) }
}

/** Requests of the whole organization that wait, those that end first before the others. */
export function listWaiting(
  { clock, storage }: ReadingParts,
  page: { readonly after?: string | undefined; readonly limit: number },
): Promise<ListedRequest[]> {
  return waitingRequests(storage.read, { ...page, now: clock.now() })
}

/** Every request of a task, newest first, at most 200. */
export async function listForTask(parts: ReadingParts, taskId: string): Promise<ListedRequest[]> {
  return requestsOfTask(parts.storage.read, taskId)
}

/** A request as it counts now: one that is past its end reads `expired`, whether or not the sweep has been there. */
export async function findRequest(
  parts: ReadingParts,
  id: string,
): Promise<AccessRequest | undefined> {
  const request = await readAccessRequest(parts.storage.read, id)
  if (request?.state !== 'pending' || isWaiting(request, parts.clock.now())) return request
  return { ...request, state: 'expired' }
}
