import type { RpcError, RpcId, RpcNotification, RpcRequest, RpcResult } from './message.ts'

/** One HTTP request to an MCP server. */
export interface Post {
  readonly url: string
  /** `GET`: asks for a stream of what the server says by itself; it has no answer. */
  readonly method: 'POST' | 'GET' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** Id of the request in `body`, if it is one: an answer to it is waited for. */
  readonly id: RpcId | undefined
  /**
   * An error of JSON-RPC is an answer with status 400 or 404 too: 2026-07-28 says so, and servers
   * with sessions tell in this way that they have forgotten one.
   */
  readonly errorStatuses?: true
}

export interface ExchangeLimits {
  /** Maximum bytes of the answer, all events together. */
  readonly bytes: number
  /** Maximum events of a stream. */
  readonly events: number
  /** Time limit from the start of the exchange to the answer. */
  readonly timeMs: number
}

export interface Hooks {
  /** Answers whether the request may be sent; called in the tick that writes the first byte. */
  readonly mayStart?: () => boolean
  /** Finds out whether a request that may not be sent may after all. Left out: it may not. */
  readonly startsAgain?: () => Promise<boolean>
  /** Answers whether a part of the answer may be passed on; asked in the tick in which it is. Left out: all may. */
  readonly lives?: () => boolean
  /** Finds out whether an answer that may not be passed on may after all; it waits meanwhile. */
  readonly again?: () => Promise<boolean>
  /** Ends the exchange, whatever it is doing. */
  readonly signal?: AbortSignal
  /** Called when a stream has begun. */
  readonly onStream?: () => void
  /** Receives the messages that the server sends while it works; only on a stream. */
  readonly onMessage?: (message: RpcRequest | RpcNotification) => void
  /**
   * Receives each result of a stream that has many (A2A): the stream ends with the answer, which is
   * its last result. Throwing ends the exchange as unexpected.
   */
  readonly onPart?: (part: RpcResult) => void
  /** Answers a question of the server; `undefined`: it is not offered. */
  readonly onQuestion?: (question: RpcRequest) => Promise<RpcResult | RpcError | undefined>
}

/**
 * Reason why there is no answer. `unexpected`: the bytes that came are no answer. `left`: we ended
 * the exchange. `unsure`: it is not known whether it may go on.
 */
export type ExchangeFailure =
  | 'unreachable'
  | 'not_permitted'
  | 'timed_out'
  | 'too_large'
  | 'unexpected'
  | 'cut'
  | 'left'
  | 'unsure'

interface Facts {
  readonly status: number | undefined
  /** Value of the server's `Mcp-Session-Id`, unchecked. */
  readonly session: string | undefined
  readonly bytes: number
}

/**
 * An exchange without an answer. `not_sent`: provably no byte of the request was sent. `failed`:
 * bytes were sent, and no answer came.
 */
export type UnansweredExchange = Facts & {
  readonly state: 'failed' | 'not_sent'
  readonly failure: ExchangeFailure
  readonly cause: unknown
}

/** Outcome of an exchange. */
export type ExchangeResult =
  | (Facts & { readonly state: 'answered'; readonly answer: RpcResult | RpcError | undefined })
  | UnansweredExchange
