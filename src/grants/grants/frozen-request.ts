import type { Detail } from '@remit/engine'
import type { ForeignActor, TicketClaims } from '../../identity/tokens/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import type { WantedTask } from './opening.ts'

/**
 * Request that was deferred, with what its agent had shown of the person. Fixed when it is
 * deferred: a later poll brings nothing but the code.
 */
export interface FrozenRequest extends WantedTask {
  readonly resource?: string | undefined
  /** The address that a device began at. */
  readonly from?: string
  readonly proved: { readonly authTime: number | null; readonly acr: string | null }
  /** Way on which the request stands, where that is no token of a person. */
  readonly way?: GrantSource | undefined
}

/**
 * Assertion, grant or ticket that was shown and used up. It is judged again with the answer:
 * trust, grant and parent as they are then.
 */
export type GrantSource =
  /** An assertion: names of the issuers that vouch, and what it lets be done, where it says so itself. */
  | {
      readonly kind: 'asserted'
      readonly issuers: readonly string[]
      readonly asserted?: readonly Detail[] | undefined
      /** Agents of other organizations that acted before. */
      readonly actors: readonly ForeignActor[]
    }
  | {
      readonly kind: 'sponsored'
      readonly by: 'client_credentials' | 'jwt_bearer'
      readonly grantId: string
    }
  | { readonly kind: 'child'; readonly ticket: TicketClaims }

/** Writes a request as text for the books. */
export function freezeRequest({ from, proved, way, ...wanted }: FrozenRequest): string {
  const { budget, details, lifeSeconds, purpose, requireAll, resource, scope, space, thread } =
    wanted
  return JSON.stringify({
    ...{
      purpose,
      details,
      scope,
      resource,
      lifeSeconds,
      budget,
      space,
      thread,
      from,
      way,
      requireAll,
    },
    proved: { authTime: proved.authTime, acr: proved.acr },
  })
}

export function readFrozenRequest(text: string): FrozenRequest {
  return JSON.parse(text) as FrozenRequest // written by `freeze`
}

/**
 * Hash that tells requests apart: one key that asks for the same for the same person makes the same
 * request, whatever was shown beside it.
 */
export function requestHash(
  request: FrozenRequest,
  of: { readonly personId: string | null; readonly thumbprint: string | null },
): string {
  const { purpose, details, scope, resource, lifeSeconds, budget, space, thread, way } = request
  const asked = [purpose, details, scope, resource, lifeSeconds, budget, space, thread, way]
  // Last, and only where it is said: a request of before has the hash that it had.
  const more = request.requireAll ? ['all'] : []
  return sha256url(JSON.stringify([of.personId, of.thumbprint, ...asked, ...more]))
}
