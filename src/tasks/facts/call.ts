import type { TypedArguments } from '@remit/engine'
import type { Action, Resource } from '../../catalog/catalog/index.ts'
import type { Certificate } from '../../identity/possession/index.ts'
import type { Json } from '../../platform/lib/json.ts'

/** Exactly what goes upstream. What the agent cannot influence (our own headers, the credential) is not in it. */
export interface SentRequest {
  readonly method: string
  /** Path as it is sent upstream. */
  readonly path: string
  readonly query: readonly (readonly [string, string])[]
  /** The caller's headers that are forwarded, lower-case names. */
  readonly headers: readonly (readonly [string, string])[]
  /** JSON, else the digest of the bytes; `undefined`: no body. */
  readonly body: Json | { readonly digest: string } | undefined
}

/** One call, read and typed by an edge, before anything about it is believed. */
export interface Call {
  readonly token: string | undefined
  readonly scheme: 'DPoP' | 'Bearer' | undefined
  /** Every value of the header `DPoP`. */
  readonly proof: string | readonly string[] | undefined
  /**
   * Client certificate of the TLS connection: a token that came as `Bearer` may be bound to it (RFC
   * 8705).
   */
  readonly certificate?: Certificate | undefined
  /**
   * Method and address as the proof must name them (RFC 9449 `htm`, `htu`): the method, our public
   * origin and the raw path.
   */
  readonly method: string
  readonly url: string
  readonly resource: Resource
  /**
   * Group at whose address the call came, and which its token is for; left out: they are the
   * resource's own.
   */
  readonly audience?: Resource | undefined
  readonly action: Action
  readonly arguments: TypedArguments
  readonly sent: SentRequest
  readonly origin: { readonly ip: string }
  /** Present where the caller can be told which nonce to prove it with. */
  readonly nonces?: true
  /** Types of obligation that can be carried out where this call is enforced. Remit itself notifies, and knows about step-up. */
  readonly doable: readonly string[]
  /**
   * Mark of a call that is sent before its arguments are whole: permitted where every call of the
   * action is, and people are never asked.
   */
  readonly incomplete?: true
}
