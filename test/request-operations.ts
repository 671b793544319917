import { OPERATIONS, type Operation } from '../src/console/api/index.ts'
import type { TestPages } from '../src/console/pages/testing.ts'
import type { Person } from '../src/identity/people/index.ts'

type Run = Parameters<Operation['run']>

/** Runs operations on one access request as the command line has them run, without a server. Answers what the API would. */
export function requestOperations({ parts }: TestPages, person: Person, id: string) {
  const session = { authTime: 0, proved: undefined }
  const caller = { person, session, administrator: false } as unknown as Run[1] // as: these operations look at nothing else
  return async (verb: 'approve' | 'deny' | 'show', body: object = {}) => {
    const operation = OPERATIONS.find((each) => each.id === `requests.${verb}`)
    const input: Run[2] = { params: { id }, query: {}, body }
    const answer = await operation?.run(parts as unknown as Run[0], caller, input) // as: likewise
    return answer as { readonly shown: string } // as: the schema of all three says so
  }
}
