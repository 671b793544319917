import type { CryptoKey } from 'oauth4webapi'

export type Fields = Readonly<Record<string, string>>
/** Answer of an endpoint, read by the library. */
export type Said = Readonly<Record<string, unknown>>

/** A client as it is configured. At most one of the two; neither: a public one. */
export interface Configured {
  readonly id: string
  readonly key?: CryptoKey
  readonly secret?: string
  /** Introspection is answered signed (RFC 9701). */
  readonly signedAnswers?: boolean
}

/**
 * A client of one library, with a DPoP key of its own. Each member is one call of the library, or the two that it has for the purpose.
 * What a server refuses is thrown as the library throws it, with `error`.
 */
export interface LibraryClient {
  /** The task that it opened: a public client by the same key. */
  task(id: string): Promise<LibraryClient>
  grant(type: string, fields: Fields): Promise<Said>
  alone(fields: Fields): Promise<Said>
  /** PKCE, pushed. */
  push(verifier: string, fields: Fields): Promise<URL>
  redeem(back: URL, verifier: string, fields: Fields): Promise<Said>
  refresh(token: string, fields: Fields): Promise<Said>
  askPerson(fields: Fields): Promise<Said>
  fetchAnswer(asked: Said): Promise<Said>
  askDevice(fields: Fields): Promise<Said>
  fetchDevice(asked: Said): Promise<Said>
  introspect(token: string): Promise<Said>
  revoke(token: string): Promise<unknown>
  call(token: string, method: string, url: string, body?: object): Promise<Response>
}

export interface Library {
  readonly name: string
  readonly connect: (issuer: string, client: Configured) => Promise<LibraryClient>
}
