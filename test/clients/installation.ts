import assert from 'node:assert/strict'
import { importJWK } from 'jose'
import * as oauth from 'oauth4webapi'
import { Stranger } from '../mcp/stranger.ts'
import { newKey } from '../signing.ts'
import type { World } from '../world.ts'

const HTTP = { [oauth.allowInsecureRequests]: true }

/**
 * A program as people install it: one DPoP key for as long as it is installed, whoever signs in and however often. Its library knows
 * nothing of tasks. `clock`: what its machine takes for the time.
 */
export class Installation {
  readonly #server: oauth.AuthorizationServer
  readonly #client: oauth.Client
  readonly #auth: oauth.ClientAuth
  readonly #stranger: Stranger
  #pair: oauth.CryptoKeyPair
  #dpop: oauth.DPoPHandle

  private constructor(
    given: Pick<Installation, never> & {
      server: oauth.AuthorizationServer
      client: oauth.Client
      auth: oauth.ClientAuth
      stranger: Stranger
      pair: oauth.CryptoKeyPair
    },
  ) {
    this.#server = given.server
    this.#client = given.client
    this.#auth = given.auth
    this.#stranger = given.stranger
    this.#pair = given.pair
    this.#dpop = oauth.DPoP(given.client, given.pair)
  }

  static async of(w: World, kind: 'public' | 'private_key_jwt', pair?: oauth.CryptoKeyPair) {
    const stranger = await Stranger.arrive(w)
    const own = await newKey()
    const registered = await stranger.register(
      kind === 'public'
        ? {}
        : {
            token_endpoint_auth_method: kind,
            jwks: { keys: [{ ...own.publicJwk, kid: 'k1' }] },
          },
    )
    assert.equal(registered.status, 201, registered.text)
    const url = new URL(w.issuer)
    const found = await oauth.discoveryRequest(url, { ...HTTP, algorithm: 'oauth2' })
    const key = (await importJWK(own.privateJwk, 'ES256')) as oauth.CryptoKey // as: an EC key is no secret
    return new Installation({
      server: await oauth.processDiscoveryResponse(url, found),
      client: { client_id: stranger.id, [oauth.clockSkew]: skewOf(w) },
      auth: kind === 'public' ? oauth.None() : oauth.PrivateKeyJwt({ key, kid: 'k1' }),
      stranger,
      pair: pair ?? (await oauth.generateKeyPair('ES256')),
    })
  }

  get pair(): oauth.CryptoKeyPair {
    return this.#pair
  }

  /** Wakes its machine up: the clock is right again, and with it the proofs. */
  wake(w: World): void {
    this.#client[oauth.clockSkew] = skewOf(w)
    this.#dpop = oauth.DPoP(this.#client, this.#pair)
  }

  /** Another key from now on, as after the program was installed anew. */
  takeKey(pair: oauth.CryptoKeyPair): void {
    this.#pair = pair
    this.#dpop = oauth.DPoP(this.#client, this.#pair)
  }

  get server(): oauth.AuthorizationServer {
    return this.#server
  }

  /** Address at which answers arrive. */
  get address(): URL {
    return new URL(this.#stranger.redirectUrl)
  }

  /** Pushes a request. Answers where it sends its person. */
  async push(
    resource: string,
    over: Readonly<Record<string, string>> = {},
    verifier = oauth.generateRandomCodeVerifier(),
  ): Promise<URL> {
    const asked = {
      redirect_uri: this.#stranger.redirectUrl,
      response_type: 'code',
      resource,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...over,
    }
    const pushed = await this.#withNonce(async () => {
      const answer = await oauth.pushedAuthorizationRequest(
        ...([this.#server, this.#client, this.#auth, asked, this.#bound] as const),
      )
      return oauth.processPushedAuthorizationResponse(this.#server, this.#client, answer)
    })
    const page = new URL(this.#server.authorization_endpoint ?? '')
    page.searchParams.set('client_id', this.#client.client_id)
    page.searchParams.set('request_uri', pushed.request_uri)
    return page
  }

  /** The person consents; what comes back. */
  async back(
    resource: string,
    over: Readonly<Record<string, string>> = {},
    verifier?: string,
  ): Promise<URL> {
    const page = await this.push(resource, over, verifier)
    return this.#stranger.answered(await this.#stranger.ask('sam', page), {
      fields: { life: 'day' },
    })
  }

  check(back: URL): URLSearchParams {
    return oauth.validateAuthResponse(this.#server, this.#client, back)
  }

  /** Runs all up to the tokens. */
  async signIn(resource: string, over: Readonly<Record<string, string>> = {}) {
    return this.redeem(await this.consented(resource, over))
  }

  /** Runs all up to the code, and answers what it is redeemed with. */
  async consented(resource: string, over: Readonly<Record<string, string>> = {}) {
    const verifier = oauth.generateRandomCodeVerifier()
    return { verifier, given: this.check(await this.back(resource, over, verifier)) }
  }

  redeem({ given, verifier }: { readonly given: URLSearchParams; readonly verifier: string }) {
    return this.#withNonce(async () => {
      const answer = await oauth.authorizationCodeGrantRequest(
        ...([this.#server, this.#client, this.#auth, given] as const),
        this.#stranger.redirectUrl,
        verifier,
        this.#bound,
      )
      return oauth.processAuthorizationCodeResponse(this.#server, this.#client, answer)
    })
  }

  get #bound() {
    return { ...HTTP, DPoP: this.#dpop }
  }

  /** Asks once more with the nonce that was answered, which the handle has kept. */
  async #withNonce<T>(ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error
      return ask()
    }
  }

  /** `lost`: the answer arrives nowhere. */
  async refresh(token: string | undefined, { lost = false } = {}) {
    return this.#withNonce(async () => {
      const answer = await oauth.refreshTokenGrantRequest(
        ...([this.#server, this.#client, this.#auth, String(token), this.#bound] as const),
      )
      if (!lost) return oauth.processRefreshTokenResponse(this.#server, this.#client, answer)
      await answer.body?.cancel()
      return undefined
    })
  }

  /** Makes the smallest request that needs a token; answers its status. */
  async use(resource: string, token: string): Promise<number> {
    const body = {
      ...{ jsonrpc: '2.0', id: 1, method: 'initialize' },
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'x', version: '1' },
      },
    }
    const headers = new Headers({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    })
    const text = JSON.stringify(body)
    try {
      const { status } = await this.#withNonce(() =>
        oauth.protectedResourceRequest(
          ...([token, 'POST', new URL(resource), headers, text, this.#bound] as const),
        ),
      )
      return status
    } catch (error) {
      if (error instanceof oauth.WWWAuthenticateChallengeError) return error.status
      throw error
    }
  }
}

/** Seconds by which its machine's clock has to be put right. */
function skewOf({ clock }: World): number {
  return Math.round((clock.now() - Date.now()) / 1000)
}
