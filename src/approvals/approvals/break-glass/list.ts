import { findAgent } from '../../../identity/agents/index.ts'
import { isAdministrator, type Person } from '../../../identity/people/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type AccessRequest, type ApprovalParts, findRequest } from '../../access-requests/index.ts'
import { type BreakGlass, isReviewer } from './break-glass.ts'
import {
  breakGlassOf,
  readBreakGlass,
  selectBreakGlass,
  selectUnreviewed,
} from './break-glass-store.ts'

type ReadingParts = Pick<ApprovalParts, 'clock' | 'storage'>

/** Approval given alone, and the request that it answered. */
export interface ListedBreakGlass {
  readonly broken: BreakGlass
  readonly request: AccessRequest
}

/**
 * Lists what this person approved alone, the latest first; for administrators, what everybody did.
 * @throws Problem `break_glass.unknown` for a place that there is not
 */
export async function listBreakGlass(
  parts: ReadingParts,
  person: Person,
  { after, limit }: { readonly after?: string | undefined; readonly limit: number },
): Promise<ListedBreakGlass[]> {
  const { read } = parts.storage
  const place = after === undefined ? undefined : await readBreakGlass(read, after)
  if (after !== undefined && !place) throw unknownBreakGlass()
  const personId = isAdministrator(person) ? undefined : person.id
  return withRequests(parts, await selectBreakGlass(read, { personId, after: place, limit }))
}

const MAX_DUE = 50

/** Lists what waits for this person's review, the most urgent first. */
export async function reviewsFor(parts: ReadingParts, person: Person): Promise<ListedBreakGlass[]> {
  if (!isAdministrator(person)) return []
  const open = await withRequests(parts, await selectUnreviewed(parts.storage.read, MAX_DUE))
  return open.filter(({ broken, request }) => isReviewer(person, broken.personId, request))
}

async function withRequests(
  parts: ReadingParts,
  given: readonly BreakGlass[],
): Promise<ListedBreakGlass[]> {
  const found: ListedBreakGlass[] = []
  for (const broken of given) {
    const request = await findRequest(parts, broken.requestId)
    if (request) found.push({ broken, request })
  }
  return found
}

/**
 * Finds one for those it concerns: who approved, the represented person, the owner of the agent, administrators.
 * @throws Problem `break_glass.unknown`
 */
export async function findBreakGlass(
  parts: ReadingParts,
  person: Person,
  id: string,
): Promise<ListedBreakGlass> {
  const broken = await readBreakGlass(parts.storage.read, id)
  const request = broken && (await findRequest(parts, broken.requestId))
  if (!request) throw unknownBreakGlass()
  const concerned = [broken.personId, request.personId].includes(person.id)
  if (concerned || isAdministrator(person)) return { broken, request }
  const agent = await findAgent(parts.storage.read, request.agentId)
  if (agent?.ownerId !== person.id) throw unknownBreakGlass()
  return { broken, request }
}

/** Finds the emergency approval that answered a request. */
export async function breakGlassFor(
  { storage }: Pick<ApprovalParts, 'storage'>,
  requestId: string,
): Promise<BreakGlass | undefined> {
  return breakGlassOf(storage.read, requestId)
}

function unknownBreakGlass(): Problem {
  return new Problem('break_glass.unknown', 'there is no such emergency approval')
}
