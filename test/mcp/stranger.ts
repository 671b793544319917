import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js'
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type {
  OAuthClientInformationMixed,
  OAuthClientMetadata,
  OAuthTokens,
} from '@modelcontextprotocol/sdk/shared/auth.js'
import { type Browser, everythingTicked, type Page } from '../../examples/refund-desk/browser.ts'
import { setIdleMinutes } from '../../src/identity/agents/index.ts'
import { sha256url } from '../../src/platform/lib/bytes.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { postForm, whileLeaseIsOver } from '../agent.ts'
import { type Answer, send } from '../wire.ts'
import type { PersonName, World } from '../world.ts'

/** Verifier and challenge of requests that are made by hand. */
export const VERIFIER = 'v'.repeat(43)
const CHALLENGE = sha256url(VERIFIER)

/** Answer of a person to what a client asks. Left out: everything that is preselected. */
export interface PersonAnswer {
  readonly person?: PersonName
  readonly button?: RegExp
  readonly fields?: Readonly<Record<string, string | undefined>>
}

/**
 * A client that knows an address and nothing else: the OAuth part of the official SDK, unchanged, with its memory, and a port of
 * its own on which answers arrive.
 */
export class Stranger implements OAuthClientProvider {
  readonly redirectUrl: string
  readonly clientMetadata: OAuthClientMetadata
  readonly #world: World
  readonly #arrived: URL[] = []
  /** Address of its document, if it has one: then it need not register. */
  clientMetadataUrl?: string
  client: OAuthClientInformationMixed | undefined
  saved: OAuthTokens | undefined
  verifier = ''
  /** All that it made, the newest last. */
  readonly verifiers: string[] = []
  /** Address that it sent its person to. */
  sent: URL | undefined

  private constructor(world: World, port: number, name: string, path: string) {
    this.#world = world
    this.redirectUrl = `http://127.0.0.1:${port}/${path}`
    this.clientMetadata = {
      client_name: name,
      redirect_uris: [this.redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    }
  }

  /** Makes a client that is software of its own: it has a path that no other has. */
  static async arrive(world: World, name = 'Notes in a box', path?: string): Promise<Stranger> {
    const server = createServer((request, reply) => {
      stranger.#arrived.push(new URL(request.url ?? '/', stranger.redirectUrl))
      reply.end('thank you')
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    world.onStop(async () => void server.close())
    const { port } = server.address() as AddressInfo // listening on TCP
    const stranger = new Stranger(world, port, name, path ?? `callback/${port}`)
    return stranger
  }

  clientInformation(): OAuthClientInformationMixed | undefined {
    return this.client
  }

  saveClientInformation(client: OAuthClientInformationMixed): void {
    this.client = client
  }

  tokens(): OAuthTokens | undefined {
    return this.saved
  }

  saveTokens(tokens: OAuthTokens): void {
    this.saved = tokens
  }

  redirectToAuthorization(url: URL): void {
    this.sent = url
  }

  saveCodeVerifier(verifier: string): void {
    this.verifier = verifier
    this.verifiers.push(verifier)
  }

  codeVerifier(): string {
    return this.verifier
  }

  invalidateCredentials(scope: 'all' | 'client' | 'tokens' | 'verifier' | 'discovery'): void {
    if (scope === 'all' || scope === 'client') this.client = undefined
    if (scope === 'all' || scope === 'tokens') this.saved = undefined
  }

  get id(): string {
    return this.client?.client_id ?? ''
  }

  transport(resource: string): StreamableHTTPClientTransport {
    return new StreamableHTTPClientTransport(new URL(resource), { authProvider: this })
  }

  /** Registers by hand, with something else here and there. Keeps what it gets, if it gets anything. */
  async register(over: Readonly<Record<string, unknown>> = {}): Promise<Answer> {
    const answer = await send(`${this.#world.issuer}/oauth/register`, {
      method: 'POST',
      headers: [['Content-Type', 'application/json']],
      body: JSON.stringify({ ...this.clientMetadata, ...over }),
    })
    if (answer.status === 201) this.client = answer.body as unknown as OAuthClientInformationMixed // RFC 7591 section 3.2.1
    return answer
  }

  /** The address of a request that is right but for this. A value that is left out is missing, and of several each is there. */
  asking(
    resource: string,
    over: Readonly<Record<string, string | string[] | undefined>> = {},
  ): URL {
    const right = {
      client_id: this.id,
      response_type: 'code',
      redirect_uri: this.redirectUrl,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      resource,
      state: 'st',
    }
    const url = new URL(`${this.#world.issuer}/oauth/authorize`)
    for (const [name, value] of Object.entries({ ...right, ...over }))
      for (const one of [value ?? []].flat()) url.searchParams.append(name, one)
    return url
  }

  /** Requests the authorization endpoint. */
  async authorize(
    resource: string,
    over: Readonly<Record<string, string | string[] | undefined>> = {},
  ): Promise<Answer & { readonly location: string }> {
    if (this.id === '') await this.register()
    const answer = await send(this.asking(resource, over).href)
    return { ...answer, location: String(answer.headers.location ?? '') }
  }

  /** Knocks, and is sent away to ask its person. */
  async knock(resource: string): Promise<URL> {
    const client = new Client({ name: 'stranger', version: '1' })
    this.sent = undefined
    try {
      // The SDK's own types disagree under exactOptionalPropertyTypes.
      await client.connect(this.transport(resource) as Parameters<Client['connect']>[0])
    } catch (error) {
      if (!(error instanceof UnauthorizedError)) throw error
    }
    if (!this.sent) throw new Error('it was let in without asking')
    return this.sent
  }

  /** The page on which its person is asked. */
  async ask(person: PersonName = 'sam', url = this.sent): Promise<Page> {
    return (await this.browser(person)).get(String(url))
  }

  browser(person: PersonName): Promise<Browser> {
    return this.#world.browser(person)
  }

  /** The person answers, and wants to be asked each time; what arrives at the client. */
  async answered(
    page: Page,
    { person = 'sam', button = /^grant$/, fields }: PersonAnswer = {},
  ): Promise<URL> {
    const before = this.#arrived.length
    const browser = await this.browser(person)
    const last = await browser.submit(page, button, {
      ...{ ...everythingTicked(page), again: undefined },
      ...fields,
    })
    const url = this.#arrived[before]
    if (!url)
      throw new Error(`nothing came back: ${last.status} ${last.url} ${last.text.slice(0, 300)}`)
    return url
  }

  /** Addresses that came back to it so far. */
  get arrived(): readonly URL[] {
    return this.#arrived
  }

  /** Lets its tasks that open from now on end at their deadline, used or not. */
  async mayRest(): Promise<void> {
    const { id: by } = await this.#world.person('ada')
    await setIdleMinutes(this.#world.rooms.agents, { agentId: this.id, idleMinutes: 0, by })
  }

  /** Runs all up to the code. */
  async codeFor(resource: string, answering: PersonAnswer = {}): Promise<URL> {
    await this.knock(resource)
    return this.answered(await this.ask(answering.person), answering)
  }

  /** Runs all: connected, with tokens. */
  async enter(resource: string, answering: PersonAnswer = {}): Promise<Client> {
    const back = await this.codeFor(resource, answering)
    await this.transport(resource).finishAuth(back.searchParams.get('code') ?? '')
    return this.connect(resource)
  }

  async connect(resource: string): Promise<Client> {
    const client = new Client({ name: 'stranger', version: '1' })
    // The SDK's own types disagree under exactOptionalPropertyTypes.
    await client.connect(this.transport(resource) as Parameters<Client['connect']>[0])
    this.#world.onStop(() => client.close())
    return client
  }

  /** A token request of its own making. */
  async token(
    fields: Readonly<Record<string, string>>,
    dpop?: string,
  ): Promise<Pick<Answer, 'status' | 'body'>> {
    const { issuer, ports } = this.#world
    const form = { client_id: this.id, ...fields }
    const headers = dpop === undefined ? [] : [['DPoP', dpop] as const]
    const { body, status } = await whileLeaseIsOver(() =>
      postForm(`${issuer}/oauth/token`, form, headers, ports?.[issuer]),
    )
    return { status, body }
  }

  redeem(back: URL, resource: string, over: Readonly<Record<string, string>> = {}, dpop?: string) {
    const right = {
      grant_type: 'authorization_code',
      code: back.searchParams.get('code') ?? '',
      code_verifier: this.verifier,
      redirect_uri: this.redirectUrl,
      resource,
    }
    return this.token({ ...right, ...over }, dpop)
  }

  refresh(over: Readonly<Record<string, string>> = {}, dpop?: string) {
    const refresh_token = this.saved?.refresh_token ?? ''
    return this.token({ grant_type: 'refresh_token', refresh_token, ...over }, dpop)
  }
}

/** People of support may let clients that their organization let in do everything at the desk. */
export async function openDesk(world: World): Promise<void> {
  const { rooms } = world
  const { id: by } = await world.person('ada')
  const set = await rooms.policies.active()
  const { text } = await rooms.policies.version(set.version)
  const rule = `
@id("let-in-at-the-desk")
permit (principal is Agent, action, resource == Resource::"desk")
when { principal.trust >= 1 && context has person && context.person in Group::"support" };
`
  await publishPolicies(rooms.policy, { text: text + rule, by, note: 'for tests' })
}

export function deskActions(world: World): readonly object[] {
  const actions = ['search-notes', 'read-note', 'add-note', 'send-message'].map(
    (name) => `desk.${name}`,
  )
  return [{ type: 'remit_call', locations: [`${world.gateway}/desk`], actions, bounds: [] }]
}

/** The least that needs a token. */
export function ping(
  resource: string,
  token: string,
  headers: readonly (readonly [string, string])[] = [['Authorization', `Bearer ${token}`]],
): Promise<Answer> {
  return send(resource, {
    method: 'POST',
    headers: [
      ...headers,
      ['Content-Type', 'application/json'],
      ['Accept', 'application/json, text/event-stream'],
    ],
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: {
        protocolVersion: '2025-11-25',
        capabilities: {},
        clientInfo: { name: 'x', version: '1' },
      },
    }),
  })
}
