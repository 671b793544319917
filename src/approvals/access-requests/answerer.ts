import type { Person } from '../../identity/people/index.ts'
import { type Answerer, rolesOf } from '../../identity/stand-ins/index.ts'
import type { Reader } from '../../platform/storage/index.ts'
import type { AccessRequest } from './access-request.ts'
import { isEligible, mayAnswer, missingApprovals } from './eligibility.ts'
import { presentQuestion } from './present-question.ts'

/**
 * Finds the role in which a person answers a request, and what they may answer. Prefers roles whose approval is still missing,
 * and among those their own. Returns their own role where they may answer in none.
 */
export async function answeringIn(
  db: Reader,
  { person, request }: { readonly person: Person; readonly request: AccessRequest },
  {
    answers,
    approvers,
    now,
  }: Parameters<typeof mayAnswer>[2] & { readonly approvers: readonly Answerer[] },
): Promise<{ readonly answerer: Answerer; readonly may: ReturnType<typeof mayAnswer> }> {
  const question = await presentQuestion(db, request, now)
  const able = (await rolesOf(db, person, now)).filter(
    (role) => isEligible(role, question) === undefined,
  )
  const lacks = (people: readonly Answerer[]) =>
    missingApprovals(people, question).reduce((sum, { count }) => sum + count, 0)
  const before = lacks(approvers)
  const answerer = able.find((role) => lacks([...approvers, role]) < before) ?? able[0] ?? person
  return { answerer, may: mayAnswer(answerer, { ...request, ...question }, { answers, now }) }
}
