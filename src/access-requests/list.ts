import { Problem } from '../lib/problem.ts'
import type { AccessRequest } from './access-request.ts'
import { type Approver, namesOf } from './eligibility.ts'
import {
  type ApproverQuery,
  countAsking,
  placeOf,
  requestsAsking,
  requestsFor,
  requestsOfTask,
} from './list-store.ts'
import type { ListedRequest } from './listed-request.ts'
import type { ApprovalParts } from './parts.ts'
import { readRequest } from './request-store.ts'
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
  const who = { ...askedOf(parts, person), agentId }
  return requestsAsking(parts.storage.read, who, await placed(parts, page))
}

/**
 * Counts the requests of each agent that wait for this person, the agents with the fewest first.
 */
export async function countForApprover(
  parts: ReadingParts,
  person: Approver,
): Promise<{ agentId: string; count: number }[]> {
  return person.status === 'active' ? countAsking(parts.storage.read, askedOf(parts, person)) : []
}

function askedOf({ clock }: ReadingParts, person: Approver): ApproverQuery {
  return { names: namesOf(person), personId: person.id, now: clock.now() }
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
  const who = { personId, now: parts.clock.now(), except: except ? namesOf(except) : [] }
  return requestsFor(parts.storage.read, who, await placed(parts, page))
}

async function placed({ storage }: ReadingParts, { after, before, limit }: ListPage) {
  const find = async (id: string | undefined) => {
    if (id === undefined) return undefined
    const place = await placeOf(storage.read, id)
    if (!place) throw new Problem('approval.unknown', 'the cursor is not valid')
    return place
  }
  return { count: limit ?? DEFAULT_LIMIT, after: await find(after), before: await find(before) }
}

/** Every request of a task, newest first, at most 200. */
export async function listForTask(parts: ReadingParts, taskId: string): Promise<ListedRequest[]> {
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
