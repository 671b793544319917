import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from '@modelcontextprotocol/sdk/shared/auth.js'

/**
 * A desktop application as the official SDK wants it: keeps what it is given in memory, listens on loopback for the
 * browser to come back, and opens no browser itself.
 */
export class Stranger implements OAuthClientProvider {
  readonly #server: http.Server
  /** Address that it would send the person's browser to. */
  asked: URL | undefined
  /** Code that the browser brought back. */
  code: string | undefined
  #client: OAuthClientInformationMixed | undefined
  #tokens: OAuthTokens | undefined
  #verifier = ''

  static async start(): Promise<Stranger> {
    const stranger = new Stranger()
    await once(stranger.#server.listen(0, '127.0.0.1'), 'listening')
    return stranger
  }

  private constructor() {
    this.#server = http.createServer((request, reply) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1')
      this.code = url.searchParams.get('code') ?? undefined
      reply.end('You can close this window.')
    })
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  get redirectUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/callback` // listening on TCP
  }

  get clientMetadata(): OAuthClientMetadata {
    return {
      client_name: 'Desktop client',
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    }
  }

  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.#client
  }

  saveClientInformation(client: OAuthClientInformationMixed): void {
    this.#client = client
  }

  tokens(): OAuthTokens | undefined {
    return this.#tokens
  }

  saveTokens(tokens: OAuthTokens): void {
    this.#tokens = tokens
  }

  redirectToAuthorization(url: URL): void {
    this.asked = url
  }

  saveCodeVerifier(verifier: string): void {
    this.#verifier = verifier
  }

  codeVerifier(): string {
    return this.#verifier
  }
}
