import type { CryptoKey } from 'oauth4webapi'

export type Fields = Readonly<Record<string, string>>
/** Answer of an endpoint, read by the library. */
export type EndpointAnswer = Readonly<Record<string, unknown>>

/** A client as it is configured. At most one of the two; neither: a public one. */
export interface ConfiguredClient {
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
  grant(type: string, fields: Fields): Promise<EndpointAnswer>
  alone(fields: Fields): Promise<EndpointAnswer>
  /** PKCE, pushed. */
  push(verifier: string, fields: Fields): Promise<URL>
  redeem(back: URL, verifier: string, fields: Fields): Promise<EndpointAnswer>
  refresh(token: string, fields: Fields): Promise<EndpointAnswer>
  askPerson(fields: Fields): Promise<EndpointAnswer>
  fetchAnswer(asked: EndpointAnswer): Promise<EndpointAnswer>
  askDevice(fields: Fields): Promise<EndpointAnswer>
  fetchDevice(asked: EndpointAnswer): Promise<EndpointAnswer>
  introspect(token: string): Promise<EndpointAnswer>
  revoke(token: string): Promise<unknown>
  call(token: string, method: string, url: string, body?: object): Promise<Response>
}

export interface Library {
  readonly name: string
  readonly connect: (issuer: string, client: ConfiguredClient) => Promise<LibraryClient>
}
