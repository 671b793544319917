import type { RpcError, RpcId, RpcNotification, RpcRequest, RpcResult } from './message.ts'

/** One HTTP request to an MCP server. */
export interface Post {
  readonly url: string
  readonly method: 'POST' | 'DELETE'
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
  /** Of the request in `body`, if it is one: an answer to it is waited for. */
  readonly id: RpcId | undefined
}

export interface ExchangeLimits {
  /** Most bytes of the answer, all events together. */
  readonly bytes: number
  /** Most events of a stream. */
  readonly events: number
  /** From the wish to the answer. */
  readonly timeMs: number
}

export interface Hooks {
  /** Asked in the tick that writes the first byte. */
  readonly mayStart?: () => boolean
  /** Ends the exchange, whatever it is doing. */
  readonly signal?: AbortSignal
  /** What the server says and asks while it works; only on a stream. */
  readonly onMessage?: (message: RpcRequest | RpcNotification) => void
}

/** Why there is no answer. `unexpected`: something came that is none. `left`: we went away. */
export type ExchangeFailure =
  | 'unreachable'
  | 'not_permitted'
  | 'timed_out'
  | 'too_large'
  | 'unexpected'
  | 'cut'
  | 'left'

interface Facts {
  readonly status: number | undefined
  /** What the server put into `Mcp-Session-Id`, unchecked. */
  readonly session: string | undefined
  readonly bytes: number
}

/** `not_sent`: provably no byte of the request was. `failed`: bytes were sent, and no answer came. */
export type NotAnswered = Facts & {
  readonly state: 'failed' | 'not_sent'
  readonly failure: ExchangeFailure
  readonly cause: unknown
}

/** How an exchange ended. */
export type Exchanged =
  | (Facts & { readonly state: 'answered'; readonly answer: RpcResult | RpcError | undefined })
  | NotAnswered
