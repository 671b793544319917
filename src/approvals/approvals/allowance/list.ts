import { isAdministrator, type Person } from '../../../identity/people/index.ts'
import type { ApprovalParts } from '../../access-requests/index.ts'
import { answersTo } from '../answer-store.ts'
import { type Allowance, isInForce } from './allowance.ts'
import { allowanceFrom, listInForce } from './allowance-store.ts'

type ReadingParts = Pick<ApprovalParts, 'storage' | 'clock'>

const MAX_LISTED = 200

/** An allowance and the ids of those who gave it. */
export interface ListedAllowance {
  readonly allowance: Allowance
  readonly givenBy: readonly string[]
}

/**
 * The allowances in force that concern a person: given by him, or for calls on his behalf; of one task when it is named.
 * Administrators see all. Newest first, at most 200.
 */
export async function listAllowances(
  parts: ReadingParts,
  person: Person,
  of: { readonly taskId?: string | undefined } = {},
): Promise<ListedAllowance[]> {
  const { read } = parts.storage
  const personId = isAdministrator(person) ? undefined : person.id
  const found = await listInForce(read, parts.clock.now(), { ...of, personId }, MAX_LISTED)
  const listed: ListedAllowance[] = []
  for (const allowance of found)
    listed.push({ allowance, givenBy: await allowanceApprovers(parts, allowance.requestId) })
  return listed
}

export async function allowanceApprovers(
  parts: Pick<ApprovalParts, 'storage'>,
  requestId: string,
): Promise<string[]> {
  const answers = await answersTo(parts.storage.read, requestId)
  return answers.filter(({ answer }) => answer === 'approve').map(({ personId }) => personId)
}

/** The allowance that a request led to, when it did and it is in force. */
export async function allowanceOfRequest(
  parts: ReadingParts,
  requestId: string,
): Promise<Allowance | undefined> {
  const allowance = await allowanceFrom(parts.storage.read, requestId)
  return allowance && isInForce(allowance, parts.clock.now()) ? allowance : undefined
}
