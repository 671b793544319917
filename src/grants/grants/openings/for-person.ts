import type { Subject } from '../../../identity/identity-providers/index.ts'
import type { GrantSource } from '../frozen-request.ts'
import type { Opening, WantedTask } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { readRequester } from '../pipeline/authenticate-requester.ts'
import {
  type AuthenticatedOpening,
  type AuthenticationResult,
  attemptBy,
  isFailed,
} from '../pipeline/authenticated.ts'

/** A token of a person from a configured identity provider opens a task for them (contract 5.1). */
export async function authenticateForPerson(
  parts: GrantParts,
  opening: Opening,
): Promise<AuthenticationResult> {
  const read = await readRequester(parts, opening)
  return isFailed(read) ? read : openingFor(opening, read)
}

/**
 * Makes an opening from whatever says for whom it is: a subject token, or an assertion (`way`). It
 * is used up with the task.
 */
export function openingFor(
  opening: WantedTask & Pick<Opening, 'origin' | 'resource' | 'defer'>,
  requester: AuthenticatedOpening['requester'] & { readonly subject: Subject },
  way?: GrantSource,
): AuthenticatedOpening {
  const { agent, proof, subject } = requester
  const { acr, authTime, person } = subject
  return {
    ...{ outcome: 'authenticated', flow: 'deferred', asksPeople: true, requester, person },
    ...{ origin: opening.origin, defer: opening.defer },
    attempt: attemptBy(opening, proof, { agent: agent.id, person: person.id }),
    also: { ...subject, kind: 'subject_token' },
    request: { ...opening, proved: { acr, authTime }, way },
  }
}
