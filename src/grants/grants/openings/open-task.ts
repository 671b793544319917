import type {
  AssertedOpening,
  ChildOpening,
  Opening,
  OpeningAnswer,
  SponsoredOpening,
} from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import type { AuthenticationResult } from '../pipeline/authenticated.ts'
import { authenticateAsserted, authenticatePublic, type PublicOpening } from './by-assertion.ts'
import { authenticateChild } from './child.ts'
import { authenticateForPerson } from './for-person.ts'
import { open } from './open.ts'
import { authenticateSponsored } from './sponsored.ts'
import { authenticateWorkload } from './workload.ts'

/** Live requests that open a task, each with what it brings. */
export interface OpeningRequests {
  readonly token_exchange: Opening
  readonly assertion: AssertedOpening
  readonly public_assertion: PublicOpening
  readonly ticket: ChildOpening
  readonly client_credentials: SponsoredOpening
  readonly workload: SponsoredOpening
}

/** Every way a task opens at the token endpoint: a new one is a row here, and a plan where no other plan fits. */
const AUTHENTICATE: {
  readonly [Kind in keyof OpeningRequests]: (
    parts: GrantParts,
    request: OpeningRequests[Kind],
  ) => Promise<AuthenticationResult>
} = {
  token_exchange: authenticateForPerson,
  assertion: authenticateAsserted,
  public_assertion: authenticatePublic,
  ticket: authenticateChild,
  client_credentials: authenticateSponsored,
  workload: authenticateWorkload,
}

/**
 * Opens a task: the caller and its credentials are checked, the grant is cut down to the intersection, and the task begins in
 * the one transaction that uses up every credential of the request (`open`).
 */
export async function openTask<Kind extends keyof OpeningRequests>(
  parts: GrantParts,
  kind: Kind,
  request: OpeningRequests[Kind],
): Promise<OpeningAnswer> {
  return open(parts, await AUTHENTICATE[kind](parts, request))
}
