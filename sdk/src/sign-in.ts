import { decodeJwt } from 'jose'
import { CallFailed, Denied, SignInRequired, UsageError } from './errors.ts'
import { type Ports, portsOf } from './wire/ports.ts'
import { objectOf, textOr } from './wire/problem.ts'
import { base64url, sha256url } from './wire/proof.ts'
import { reach, secureUrl } from './wire/server.ts'
import { formText } from './wire/token-endpoint.ts'

/**
 * Store of the refresh token of one person. It is as good as the person's sign-in: encrypt it, show
 * it to no one.
 */
export interface RefreshTokens {
  get(): Promise<string | undefined> | string | undefined
  /** Replaces it. `undefined`: the sign-in has ended. */
  set(token: string | undefined): Promise<void> | void
}

export interface SignInOptions extends Partial<Ports> {
  /** The identity provider's issuer. */
  readonly provider: string
  /** This agent's client there. */
  readonly clientId: string
  readonly clientSecret?: string
  readonly store: RefreshTokens
  /** Scopes that make the provider give a refresh token. Default `openid profile email offline_access`. */
  readonly scope?: string
}

/** A sign-in under way. Keep it in the session of the browser that began it. */
export interface BegunSignIn {
  /** Address at which the person signs in. */
  readonly url: string
  readonly state: string
  readonly nonce: string
  readonly verifier: string
  readonly redirectUri: string
}

interface Provider {
  readonly authorizationEndpoint: string
  readonly tokenEndpoint: string
  /** True when each answer names it (RFC 9207). */
  readonly namesItself: boolean
}

type ProviderAnswer = Readonly<Record<string, unknown>>

/**
 * The sign-in of one person at an agent's application, kept: `openTask({ subjectToken: signIn.idToken, … })`. No person has to be present
 * for it; what the agent may do is what they agreed to at Remit. They can end either at any time: the refresh token at the identity
 * provider, and what they agreed to on their home page.
 */
export class SignIn {
  readonly #options: SignInOptions
  readonly #ports: Ports
  #known: Provider | undefined
  /** One after the other: a refresh token that is used twice may end the sign-in. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: SignInOptions) {
    secureUrl(options.provider)
    this.#options = options
    this.#ports = portsOf(options)
  }

  /** Begins a sign-in (authorization code with PKCE). `more` goes to the provider, such as `{ prompt: 'consent' }`. */
  async begin(
    redirectUri: string,
    more: Readonly<Record<string, string>> = {},
  ): Promise<BegunSignIn> {
    const { clientId, scope = 'openid profile email offline_access' } = this.#options
    const { authorizationEndpoint } = await this.#provider()
    const [state, nonce, verifier] = [randomText(), randomText(), randomText()]
    const url = new URL(authorizationEndpoint)
    const query = {
      ...more,
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope,
      state,
      nonce,
      code_challenge: await sha256url(verifier),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value)
    return { url: url.href, state, nonce, verifier, redirectUri }
  }

  /**
   * Takes the address with which the browser came back. Stores the refresh token, and answers an ID token.
   * @throws {SignInRequired}; {UsageError} for another person's answer; {CallFailed}
   */
  async finish(begun: BegunSignIn, url: string): Promise<string> {
    const provider = await this.#provider()
    const { searchParams } = new URL(url, begun.redirectUri)
    const one = (name: string) => {
      const [value, ...more] = searchParams.getAll(name)
      if (more.length > 0) throw new UsageError(`\`${name}\` is there twice in the answer`)
      return value
    }
    if (one('state') !== begun.state) throw new UsageError('the answer belongs to another sign-in')
    // RFC 9207: an answer of another provider is not for this one.
    const issuer = one('iss') ?? (provider.namesItself ? undefined : this.#options.provider)
    if (issuer !== this.#options.provider)
      throw new UsageError('the answer comes from another identity provider')
    const code = one('code')
    if (code === undefined) {
      const why = one('error_description') ?? one('error') ?? 'no reason was given'
      throw new SignInRequired(`the identity provider let no one in: ${why.slice(0, 200)}`)
    }
    const told = await this.#tokens(provider, {
      grant_type: 'authorization_code',
      code,
      redirect_uri: begun.redirectUri,
      code_verifier: begun.verifier,
    })
    const token = idTokenOf(told)
    if (nonceOf(token) !== begun.nonce)
      throw new UsageError('the ID token belongs to another sign-in')
    const refresh = textOr(told.refresh_token)
    if (refresh === undefined)
      throw new UsageError(
        'the identity provider gave no refresh token: does its client allow it, and `scope` ask?',
      )
    await this.#options.store.set(refresh)
    return token
  }

  /**
   * Gets a fresh ID token: Remit takes each for one task, and for ten minutes.
   * @throws {SignInRequired} {CallFailed}
   */
  readonly idToken = (): Promise<string> => {
    const token = this.#turn.then(() => this.#refreshed())
    this.#turn = token.catch(() => {})
    return token
  }

  /** Forgets the refresh token. What the person agreed to at Remit stays until they withdraw it there. */
  async end(): Promise<void> {
    await this.#options.store.set(undefined)
  }

  async #refreshed(): Promise<string> {
    const { store } = this.#options
    let kept = await store.get()
    while (kept !== undefined && kept !== '') {
      const form = { grant_type: 'refresh_token', refresh_token: kept }
      try {
        const told = await this.#tokens(await this.#provider(), form)
        // First: one that was replaced is good no more.
        const replaced = textOr(told.refresh_token)
        if (replaced !== undefined && replaced !== kept) await store.set(replaced)
        return idTokenOf(told)
      } catch (error) {
        if (!(error instanceof SignInRequired)) throw error
        // Another process may have been quicker; what it left is good.
        const newer = await store.get()
        if (newer === kept) throw error
        kept = newer
      }
    }
    throw new SignInRequired('no one has signed in, or they have signed out')
  }

  async #tokens(
    provider: Provider,
    form: Readonly<Record<string, string>>,
  ): Promise<ProviderAnswer> {
    const { clientId, clientSecret } = this.#options
    const response = await this.#send(provider.tokenEndpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        accept: 'application/json',
      },
      body: formText({ ...form, client_id: clientId, client_secret: clientSecret }),
    })
    const told = await objectOf(response)
    if (response.ok) return told
    const { status } = response
    const error = textOr(told.error)
    if (error === 'invalid_grant')
      throw new SignInRequired('the sign-in at the identity provider has ended', status)
    if (error !== undefined && status < 500)
      throw new Denied({
        code: 'sign_in.refused',
        detail: textOr(told.error_description) ?? error,
        status,
        oauthError: error,
      })
    throw unreadable(`the identity provider answered ${status}`)
  }

  /** OpenID Connect Discovery 1.0. */
  async #provider(): Promise<Provider> {
    if (this.#known) return this.#known
    const { provider } = this.#options
    const where = `${provider.replace(/\/$/, '')}/.well-known/openid-configuration`
    const response = await this.#send(where, { headers: { accept: 'application/json' } })
    const told = await objectOf(response)
    if (!response.ok || told.issuer !== provider)
      throw unreadable(`\`${where}\` does not describe \`${provider}\``)
    this.#known = {
      authorizationEndpoint: secureUrl(String(told.authorization_endpoint)).href,
      tokenEndpoint: secureUrl(String(told.token_endpoint)).href,
      namesItself: told.authorization_response_iss_parameter_supported === true,
    }
    return this.#known
  }

  #send(url: string, init: RequestInit): Promise<Response> {
    return reach(url, () => this.#ports.fetch(url, { ...init, redirect: 'manual' }))
  }
}

function randomText(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)))
}

function idTokenOf({ id_token }: ProviderAnswer): string {
  const token = textOr(id_token)
  if (token === undefined) throw unreadable('the identity provider gave no ID token')
  return token
}

/** The token is not checked: it came from the provider itself, and it is Remit that has to believe it. */
function nonceOf(token: string): unknown {
  try {
    return decodeJwt(token).nonce
  } catch {
    throw unreadable('the ID token cannot be read')
  }
}

function unreadable(detail: string): CallFailed {
  return new CallFailed('server.unreadable', detail, { effect: 'none' })
}
