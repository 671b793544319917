import type { Detail, StepUp } from '@remit/engine'
import type { SelfRegisteredClient } from '../../identity/client-metadata/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import { DAY, MINUTE } from '../../platform/lib/time-units.ts'

/** `granted` waits for the code to be redeemed; `used` when it was, once. */
export type AuthorizationState = 'pending' | 'granted' | 'denied' | 'used'

/**
 * A client that stands at the authorization endpoint for a person (contract 5.3): what it asks, what the person answered,
 * and the task that came of it. `oauth/` begins it and resumes the protocol, `pages/` take the answer. Times are epoch
 * milliseconds.
 */
export interface Authorization extends SelfRegisteredClient {
  /** Unguessable; part of the page's address. */
  readonly id: string
  /** Address that the answer goes to. */
  readonly redirectUri: string
  /** Identifier of the one resource. */
  readonly resource: string
  /** Scope as asked; `null`: whatever there is. */
  readonly scope: string | null
  /** `authorization_details` as sent, which were checked. */
  readonly askedDetails: string | null
  /** It said which key it will prove (`dpop_jkt`, RFC 9449 section 10), or proved one when it pushed the request. */
  readonly announcesKey?: boolean | undefined
  /** The client said that the token may be deferred, and has to say so again when it redeems the code. */
  readonly deferrable: boolean
  /**
   * Sign-in that the client asks for (RFC 9470 section 4), if it does; the age is that of the
   * moment it asks.
   */
  readonly stepUp: StepUp | null
  /** Digest of a value that only the browser has which began. */
  readonly browser: string
  readonly state: AuthorizationState
  /** Person who answered. */
  readonly personId: Id<'person'> | null
  /** Time when that person had proved who they are, and how, as far as their provider says. */
  readonly authTime: number | null
  readonly acr: string | null
  /** Details that the person allowed. */
  readonly details: readonly Detail[] | null
  readonly basisId: Id<'basis'> | null
  /** While pending: the client lets an earlier consent answer. Then: the person lets this one answer later requests. */
  readonly mayReturn: boolean
  /** Agent that the client was when it was granted. */
  readonly agentId: string | null
  readonly taskId: Id<'task'> | null
  readonly createdAt: number
  /** Time until which it can be answered, while pending; later, until which it is remembered. */
  readonly expiresAt: number
}

/** A person has this long to sign in and answer. */
export const AUTHORIZATION_WAITS = 10 * MINUTE
/** Longer than any task lasts, so that a code that comes back finds its task; and what a person chose is there next time. */
export const AUTHORIZATION_KEPT = 30 * DAY
