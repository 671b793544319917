import type { Detail, StepUp } from '@remit/engine'
import type { ForeignActor } from '../../identity/tokens/index.ts'
import type { Id } from '../../platform/lib/id.ts'

export type ConsentState = 'pending' | 'granted' | 'denied' | 'expired'

/** A person is asked whether this agent may act for him. */
export interface ConsentRequest {
  readonly id: Id<'consent'>
  readonly agentId: string
  readonly personId: Id<'person'>
  readonly purpose: string
  /**
   * Details that are asked for: never more than the agent could get. The person may narrow them.
   */
  readonly details: readonly Detail[]
  /** Agents that acted elsewhere before the agent did, by the word of an issuer that is trusted. */
  readonly actors: readonly ForeignActor[]
  readonly state: ConsentState
  readonly basisId: Id<'basis'> | null
  /** The agent put it itself, about one task (CIBA, device code), with a sentence of its own; `null`: an opening lacked a basis. */
  readonly asked: {
    readonly by: 'ciba' | 'device'
    readonly message: string | null
    /** Address of the network from which a device began. */
    readonly from: string | null
    /** Way to have signed in that a yes needs, counted from when it was asked; `null`: any. */
    readonly stepUp: StepUp | null
  } | null
  /**
   * Time when the person who answered had proved who they are, and how, as far as their provider
   * says.
   */
  readonly authTime: number | null
  readonly acr: string | null
  readonly createdAt: number
  readonly expiresAt: number
}
