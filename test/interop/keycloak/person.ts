import { randomBytes } from 'node:crypto'
import { formsOf } from '../../../examples/refund-desk/browser.ts'
import { sha256url } from '../../../src/platform/lib/bytes.ts'
import { SAMPLE_AGENT } from '../../../src/programs/dev/sample.ts'
import { AGENT_REDIRECT, passwordOf } from './realm.ts'

const MAX_STEPS = 8

export interface KeycloakTokens {
  readonly id_token: string
  readonly access_token: string
  readonly refresh_token: string
}

/** Makes a proof with a key, for a POST to this address. */
export type Proof = (url: string) => Promise<string>

export function endpoints(issuer: string): string {
  return `${issuer}/protocol/openid-connect`
}

/** Asks the token endpoint of Keycloak. */
export async function askTokens(
  issuer: string,
  form: Readonly<Record<string, string>>,
  proof?: Proof,
): Promise<{ readonly status: number; readonly body: Readonly<Record<string, unknown>> }> {
  const url = `${endpoints(issuer)}/token`
  const answer = await fetch(url, {
    method: 'POST',
    body: new URLSearchParams(form),
    ...(proof ? { headers: { DPoP: await proof(url) } } : {}),
  })
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> } // an object by RFC 6749
}

export async function tokensFor(
  issuer: string,
  form: Readonly<Record<string, string>>,
  proof?: Proof,
): Promise<KeycloakTokens> {
  const { body, status } = await askTokens(issuer, form, proof)
  if (status !== 200) throw new Error(`Keycloak gave no tokens: ${JSON.stringify(body)}`)
  const text = (name: string) => String(body[name])
  return {
    id_token: text('id_token'),
    access_token: text('access_token'),
    refresh_token: text('refresh_token'),
  }
}

/** Somebody with a browser that Keycloak remembers, or not yet. */
export class KeycloakPerson {
  readonly name: string
  readonly #issuer: string
  readonly #cookies = new Map<string, string>()

  constructor(issuer: string, name: string) {
    this.#issuer = issuer
    this.name = name
  }

  /**
   * Follows an authorization request of a client, to the address that Keycloak sends the browser
   * to.
   */
  async authorize(start: string): Promise<URL> {
    let next: { url: string; form?: URLSearchParams } = { url: start }
    for (let step = 0; step < MAX_STEPS; step++) {
      const answer = await this.#send(next.url, next.form)
      const location = answer.headers.get('location')
      const html = await answer.text()
      if (location) {
        const to = new URL(location, next.url)
        if (to.origin !== new URL(this.#issuer).origin) return to
        next = { url: to.href }
        continue
      }
      const page = { url: next.url, status: answer.status, html, text: '' }
      const form = formsOf(page).find(({ fields }) => fields.has('password'))
      if (!form || next.form) throw new Error(`Keycloak answered ${answer.status}: ${html}`)
      const filled = new URLSearchParams([...form.fields])
      filled.set('username', this.name)
      filled.set('password', passwordOf(this.name))
      next = { url: new URL(form.action, next.url).href, form: filled }
    }
    throw new Error('Keycloak redirects without end')
  }

  /** Signs in at the agent's own application. Answers the tokens that it gets; `more` is put into its request. */
  tokensOfAgent(more: Readonly<Record<string, string>> = {}): Promise<KeycloakTokens> {
    return this.tokensOf(SAMPLE_AGENT.id, more)
  }

  /**
   * Gets tokens as another public client does. `proof`: proves the key that its tokens are bound
   * to.
   */
  async tokensOf(
    client: string,
    more: Readonly<Record<string, string>> = {},
    proof?: Proof,
  ): Promise<KeycloakTokens> {
    const verifier = randomBytes(32).toString('base64url')
    const asked = new URLSearchParams({
      client_id: client,
      redirect_uri: AGENT_REDIRECT,
      response_type: 'code',
      scope: 'openid profile email',
      code_challenge: sha256url(verifier),
      code_challenge_method: 'S256',
      ...more,
    })
    const back = await this.authorize(`${endpoints(this.#issuer)}/auth?${asked}`)
    const form = {
      grant_type: 'authorization_code',
      client_id: client,
      redirect_uri: AGENT_REDIRECT,
      code: back.searchParams.get('code') ?? '',
      code_verifier: verifier,
    }
    return tokensFor(this.#issuer, form, proof)
  }

  /** Signs out at the agent's own application, and with it of everything that this browser is signed in at. */
  async signOut(): Promise<void> {
    const { id_token: hint } = await this.tokensOfAgent()
    const asked = new URLSearchParams({ id_token_hint: hint })
    const answer = await this.#send(`${endpoints(this.#issuer)}/logout?${asked}`)
    const page = await answer.text()
    if (answer.status !== 200) throw new Error(`Keycloak answered ${answer.status}: ${page}`)
  }

  async #send(url: string, form?: URLSearchParams): Promise<Response> {
    const answer = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form ? { body: form } : {}),
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(line) ?? []
      if (/;\s*max-age=0\b/i.test(line)) this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return answer
  }
}
