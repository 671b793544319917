import type { GateResult } from '@remit/engine'
import type { Proof } from '../../identity/possession/index.ts'
import type { ResourceTokenClaims } from '../../identity/tokens/index.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import type { Call } from '../../tasks/facts/index.ts'
import type { TaskLineage } from '../../tasks/tasks/index.ts'

/** Credentials that a request presents, and its destination. */
export type PresentedCredentials = Pick<
  Call,
  | 'token'
  | 'scheme'
  | 'proof'
  | 'certificate'
  | 'method'
  | 'url'
  | 'resource'
  | 'audience'
  | 'nonces'
> & {
  readonly action?: Call['action']
  readonly origin?: Call['origin']
}

/** Content of a resource token, bound or not, as far as calls ask for it. */
export interface TokenStatement extends Pick<ResourceTokenClaims, 'exp' | 'authorization_details'> {
  /** Id of the token; absent where another party named the caller. */
  readonly jti?: string
  readonly task: Pick<ResourceTokenClaims['task'], 'id' | 'ep'>
}

/** Identity of a caller: gates 1 and 2. */
export type CallerIdentity =
  | {
      readonly known: true
      readonly claims: TokenStatement
      /** Proof of the call; none with a bearer token, which nothing is proved of. */
      readonly proof: Proof | undefined
      readonly held: TaskLineage
      readonly view: LiveView
      readonly credential: GateResult
      readonly liveness: GateResult
    }
  | {
      readonly known: false
      /** Verified as far as it got; a proof that holds is used up whatever else is wrong. */
      readonly claims: TokenStatement | undefined
      readonly proof: Proof | undefined
      readonly credential: GateResult
    }

export type KnownIdentity = Extract<CallerIdentity, { known: true }>
