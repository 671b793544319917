import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from '../../../examples/refund-desk/browser.ts'
import { signIn } from '../../../examples/refund-desk/people.ts'

/**
 * Tokens of a client without a key: a bearer token for a few minutes, and a refresh token for the
 * next one.
 */
export interface Tokens {
  readonly access_token: string
  readonly refresh_token: string
}

/**
 * A client that knew nothing but an address: it registered, and with Sam's yes on the consent page it has another task each time
 * (authorization code with PKCE, RFC 7636; RFC 8707 `resource`).
 */
export class CodeClient {
  readonly #issuer: string
  readonly #resource: string
  readonly #redirect: string
  readonly #id: string
  readonly #sam: Browser
  readonly #arrived: () => URL | undefined
  readonly close: () => void

  private constructor(of: {
    issuer: string
    resource: string
    redirect: string
    id: string
    sam: Browser
    arrived: () => URL | undefined
    close: () => void
  }) {
    this.#issuer = of.issuer
    this.#resource = of.resource
    this.#redirect = of.redirect
    this.#id = of.id
    this.#sam = of.sam
    this.#arrived = of.arrived
    this.close = of.close
  }

  static async register(issuer: string, resource: string): Promise<CodeClient> {
    let arrived: URL | undefined
    const server = createServer((request, reply) => {
      arrived = new URL(request.url ?? '', 'http://127.0.0.1')
      reply.end('thank you')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const { port } = server.address() as AddressInfo // listening on TCP
    const redirect = `http://127.0.0.1:${port}/callback`
    const metadata = {
      client_name: 'Bench',
      redirect_uris: [redirect],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    }
    const { client_id: id } = await post(
      `${issuer}/oauth/register`,
      JSON.stringify(metadata),
      'application/json',
    )
    const close = () => {
      server.closeAllConnections()
      server.close()
    }
    const sam = await signIn(issuer, 'Sam')
    const all = { issuer, resource, redirect, id: String(id), sam, arrived: () => arrived, close }
    return new CodeClient(all)
  }

  async openTask(): Promise<Tokens> {
    const verifier = randomBytes(32).toString('base64url')
    const query = new URLSearchParams({
      client_id: this.#id,
      redirect_uri: this.#redirect,
      response_type: 'code',
      resource: this.#resource,
      code_challenge: createHash('sha256').update(verifier).digest('base64url'),
      code_challenge_method: 'S256',
      state: randomBytes(8).toString('base64url'),
    })
    const page = await this.#sam.get(`${this.#issuer}/oauth/authorize?${query}`)
    // Where Sam said yes before, nobody is asked again.
    if (!page.url.startsWith(this.#redirect)) await this.#sam.submit(page, /^grant$/)
    return this.#tokens({
      grant_type: 'authorization_code',
      code: this.#arrived()?.searchParams.get('code') ?? '',
      code_verifier: verifier,
      redirect_uri: this.#redirect,
    })
  }

  refresh({ refresh_token }: Tokens): Promise<Tokens> {
    return this.#tokens({ grant_type: 'refresh_token', refresh_token })
  }

  async #tokens(fields: Readonly<Record<string, string>>): Promise<Tokens> {
    const form = { client_id: this.#id, resource: this.#resource, ...fields }
    const answer = await post(
      `${this.#issuer}/oauth/token`,
      new URLSearchParams(form).toString(),
      'application/x-www-form-urlencoded',
    )
    const { access_token, refresh_token, token_type } = answer
    if (token_type !== 'Bearer') throw new Error('the token is no bearer token')
    return { access_token: String(access_token), refresh_token: String(refresh_token) }
  }
}

async function post(url: string, body: string, type: string): Promise<Record<string, unknown>> {
  const headers = { 'content-type': type }
  const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'error' })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`)
  return JSON.parse(text)
}
