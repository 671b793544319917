import type { ProblemCode } from '../../../platform/lib/problem.ts'
import type { Question } from '../question.ts'
import type { AskedParty, IssuanceQuestion, Tuple } from '../token-pdp/index.ts'

const SUBJECTS = ['user', 'client', 'workload'] as const
/** Type of the resource in gates and scopes. */
export const AUDIENCE = 'audience'
/** Type of the resource in scopes, where the binding to token exchange says so. */
const PROTECTED_RESOURCE = 'protected_resource'
/** `type` of authorization details. What may be handed on is for tasks of ours. */
const DETAIL = 'remit_call'
/** Reserved: no scope begins so. */
const ISSUE = 'issue:'

/** Turns a question into a tuple of the profile, or into the problem code if it can never be permitted. `properties` are ignored. */
export function tupleOf({ action, resource, subject }: Question): IssuanceQuestion | ProblemCode {
  const type = SUBJECTS.find((known) => known === subject.type)
  if (!type) return 'evaluation.wrong_subject'
  const tuple = readTuple(action.name, resource)
  if (!tuple) return 'issuance.unknown'
  const party: AskedParty = { type, id: subject.id }
  return { subject: party, tuple }
}

function readTuple(name: string, { id, type }: Question['resource']): Tuple | undefined {
  if (type === AUDIENCE && name.startsWith(ISSUE))
    return { kind: 'gate', action: name, audience: id }
  if (name.startsWith(ISSUE)) return undefined
  if (type === AUDIENCE || type === PROTECTED_RESOURCE)
    return { kind: 'scope', scope: name, audience: id }
  return type === DETAIL ? { kind: 'cell', action: name, location: id } : undefined
}
