import { type AccessRequest, missingApprovals } from '../access-requests/index.ts'
import { findPerson, type Person } from '../people/index.ts'
import type { Reader } from '../storage/index.ts'
import type { Choice } from './allowance/allowance.ts'
import { answersTo } from './answer-store.ts'

/**
 * Finds those who approved, as they are now, when the first of them did, and whether anyone denied.
 */
export async function approversOf(
  db: Reader,
  request: Pick<AccessRequest, 'id'>,
): Promise<{
  approvers: Person[]
  first: number
  denied: boolean
  /** Choices of each of them beyond *once*. */
  chosen: (Choice | null)[]
}> {
  const answers = await answersTo(db, request.id)
  const approved = answers.filter(({ answer }) => answer === 'approve')
  const approvers: Person[] = []
  for (const { personId } of approved) {
    const person = await findPerson(db, personId)
    if (person) approvers.push(person)
  }
  return {
    approvers,
    first: approved[0]?.answeredAt ?? Number.POSITIVE_INFINITY,
    denied: approved.length < answers.length,
    chosen: approved.map(({ allowance }) => allowance),
  }
}

/** Rules of a request that those who approved so far do not meet. */
export async function stillMissing(
  db: Reader,
  request: Pick<AccessRequest, 'ask' | 'id' | 'personId' | 'requesterId'>,
): Promise<ReturnType<typeof missingApprovals>> {
  return missingApprovals((await approversOf(db, request)).approvers, request)
}
