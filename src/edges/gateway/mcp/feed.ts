import type { Resource } from '../../../catalog/catalog/index.ts'
import type { Redactor } from '../../../platform/lib/redaction/redactor.ts'
import type { SlotHolders } from '../../../platform/lib/under-way/held-places.ts'
import type {
  McpSession,
  RpcError,
  RpcNotification,
  RpcRequest,
  RpcResult,
} from '../../../platform/net/index.ts'

/** Stream of a client that hears what a server says without being asked. */
export interface FeedListener {
  /** Checks whether it may still hear anything. Does no I/O. */
  lives(): boolean
  /** Addresses of the resources that the client may be told of now, as the server has them. */
  uris(): readonly string[]
  updated(uri: string): void
  /** Takes a log message that belongs to no call; absent: no client listens. */
  log?(said: RpcNotification, redactor: Redactor): void
  /** Puts a question of the server to the client; absent: there is no way to. */
  ask?(
    question: RpcRequest,
    redactor: Redactor,
    leaving: AbortSignal,
  ): Promise<RpcResult | RpcError | undefined>
}

/** Server that is listened to, and for whom. */
export interface FeedSource {
  /** Key of the session with the server (`upstreamKey`). */
  readonly key: string
  readonly resource: Resource
  readonly holders: SlotHolders
  readonly session: () => McpSession | undefined
}
