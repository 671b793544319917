import type { RefusalAnswer } from '../../calls/direct-calls/index.ts'

/** A request that reached a gateway of others, as that gateway tells it. */
export interface GatewayCheck {
  readonly method: string
  /** Path and query, exactly as they reached the gateway. */
  readonly target: string
  /** `Host` or `:authority` of the request, as it reached the gateway; empty where the gateway does not tell. */
  readonly host: string
  /** True when the gateway tells the host without its port. */
  readonly leavesPort: boolean
  /**
   * Headers of the caller: name and value in turns, as Node's `rawHeaders`. What the gateway says
   * by headers of its own is not among them.
   */
  readonly rawHeaders: readonly string[]
  /** Address of the caller; empty where the gateway does not tell. */
  readonly ip: string
  readonly body: CheckedBody
  /** True when the gateway no longer waits for the answer. */
  isGone(): boolean
}

/**
 * Body of the request. `unseen`: there is, or may be, one that the gateway has not sent whole.
 * `isPending`: not all of it is here yet.
 */
export type CheckedBody =
  | {
      readonly kind: 'unseen'
      /** Statement that the gateway left out, and by which it would say that there is no body. */
      readonly missing?: string
    }
  | { readonly kind: 'whole'; readonly isPending: boolean; read(): Promise<Buffer> }

const NONE = Promise.resolve(Buffer.alloc(0))

export const NO_BODY: CheckedBody = { kind: 'whole', isPending: false, read: () => NONE }
export const UNSEEN: CheckedBody = { kind: 'unseen' }

/** Headers that the API behind the gateway receives, and those of the caller that it must not. */
export interface UpstreamHeaders {
  readonly set: Readonly<Record<string, string>>
  readonly removed: readonly string[]
}

export type CheckAnswer = UpstreamHeaders | RefusalAnswer
