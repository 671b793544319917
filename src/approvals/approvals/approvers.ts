import { findPerson, type Person } from '../../identity/people/index.ts'
import { type Answerer, rolesOf } from '../../identity/stand-ins/index.ts'
import type { Reader } from '../../platform/storage/index.ts'
import {
  type AccessRequest,
  answeringIn,
  missingApprovals,
  presentQuestion,
} from '../access-requests/index.ts'
import type { Choice } from './allowance/allowance.ts'
import { answersTo } from './answer-store.ts'

/**
 * Finds those who approved, as they are now, without stand-ins whose time is over; when the first of their words began to count
 * (infinity: none), and whether anyone denied.
 */
export async function approversOf(
  db: Reader,
  request: Pick<AccessRequest, 'id'>,
  now: number,
): Promise<{
  approvers: Answerer[]
  first: number
  denied: boolean
  /** Choices of each of them beyond *once*. */
  chosen: (Choice | null)[]
}> {
  const answers = await answersTo(db, request.id)
  const approved = answers.filter(({ answer }) => answer === 'approve')
  const approvers: Answerer[] = []
  for (const { personId, standsInFor } of approved) {
    const person = await findPerson(db, personId)
    const roles = person ? await rolesOf(db, person, now) : []
    const role = roles.find((each) => (each.standsInFor?.id ?? null) === standsInFor)
    if (role) approvers.push(role)
  }
  return {
    approvers,
    first: Math.min(...approved.map(({ countsFrom }) => countsFrom)),
    denied: approved.length < answers.length,
    chosen: approved.map(({ allowance }) => allowance),
  }
}

/** Rules of a request that those who approved so far do not meet. */
export async function stillMissing(
  db: Reader,
  request: AccessRequest,
  now: number,
): Promise<ReturnType<typeof missingApprovals>> {
  const { approvers } = await approversOf(db, request, now)
  return missingApprovals(approvers, await presentQuestion(db, request, now))
}

/** Answers the ids of approvers and of the people for whom they stood in: suspending any of them voids the approval. */
export function approverIds(approvers: readonly Answerer[]): readonly string[] {
  return approvers.flatMap(({ id, standsInFor }) => (standsInFor ? [id, standsInFor.id] : [id]))
}

/** Role in which a person answers a request now, the answers so far, and those that this person may give. */
export async function answeringOf(
  db: Reader,
  { now, person, request }: { readonly request: AccessRequest; person: Person; now: number },
) {
  const answers = await answersTo(db, request.id)
  const { approvers } = await approversOf(db, request, now)
  const known = { answers, approvers, now }
  return { answers, ...(await answeringIn(db, { person, request }, known)) }
}
