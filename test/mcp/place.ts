import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import { applyImport, planMcpImport, setRisk } from '../../src/catalog/catalog-changes/index.ts'
import { planAgentImport } from '../../src/extensions/a2a/plan-agent-import.ts'
import { findAgent, setCeiling } from '../../src/identity/agents/index.ts'
import { describeMcpServer, outbound } from '../../src/platform/net/index.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { grantBasis } from '../../src/tasks/consent/index.ts'
import type { OpenTask } from '../agent.ts'
import { type Answer, begin, send } from '../wire.ts'
import type { World } from '../world.ts'

/** Settings of an MCP server behind the gateway of a world. */
export interface ServerPlace {
  readonly name: string
  readonly url: string
  /** Operations of the catalog that finance has to approve. */
  readonly asks?: readonly string[]
  /** Operations that nobody may call. */
  readonly never?: readonly string[]
  /** Operations that Sam has not agreed to. */
  readonly unasked?: readonly string[]
  readonly trusted?: boolean
  /** An A2A agent, with its card at `url`. */
  readonly a2a?: boolean
  /** Leaves risk classes as they are proposed. Default: all are set to low. */
  readonly proposed?: boolean
}

/** MCP server behind the gateway, and what refund-bot does there for Sam. */
export class Place {
  readonly identifier: string
  readonly actions: readonly string[]
  readonly name: string
  readonly #world: World
  #last = 0

  private constructor(world: World, standing: ServerPlace, actions: readonly string[]) {
    this.#world = world
    this.name = standing.name
    this.identifier = `${world.gateway}/${standing.name}`
    this.actions = actions
  }

  /** Wraps a server that is there already. */
  static at(world: World, name: string): Place {
    return new Place(world, { name, url: '' }, [])
  }

  /** Imports the server as it describes itself, with the credential of the echo API, and makes rules for it. */
  static async add(world: World, standing: ServerPlace): Promise<Place> {
    const { rooms } = world
    const { id: by } = await world.person('ada')
    const actions = await importServer(world, standing)
    const set = await rooms.policies.active()
    const { text } = await rooms.policies.version(set.version)
    await publishPolicies(rooms.policy, { text: text + rules(standing), by, note: 'for tests' })
    const place = new Place(world, standing, actions)
    const agent = await findAgent(rooms.storage.read, 'refund-bot')
    const details = [...(agent?.ceiling ?? []), ...place.details()]
    await setCeiling(rooms.agents, { agentId: 'refund-bot', ceiling: details, by })
    const unasked = standing.unasked?.map((operation) => `${standing.name}.${operation}`) ?? []
    const agreed = place.details(actions.filter((action) => !unasked.includes(action)))
    const { id: personId } = await world.person('sam')
    await grantBasis(rooms.decisions, {
      personId,
      agentId: 'refund-bot',
      kind: 'consent',
      details: [...(agent?.ceiling ?? []), ...agreed] as Parameters<
        typeof grantBasis
      >[1]['details'], // as written below
      grantedBy: personId,
    })
    return place
  }

  details(actions: readonly string[] = this.actions, bounds: readonly object[] = []) {
    const locations = [this.identifier]
    return inParts(actions).map((part) => ({
      type: 'remit_call',
      locations,
      actions: part,
      bounds,
    }))
  }

  open(details: readonly object[] = this.details()): Promise<OpenTask> {
    return this.#world.open({ details })
  }

  token(task: OpenTask): Promise<string> {
    return this.#world.agent.token(task, this.identifier)
  }

  /** A fetch that proves possession of the task's key with every request, as an agent's own client does. */
  async fetch(task: OpenTask): Promise<typeof fetch> {
    const token = await this.token(task)
    return async (input, init) => {
      const url = input instanceof Request ? input.url : String(input)
      const method = init?.method ?? 'GET'
      const headers = new Headers(init?.headers)
      headers.set('authorization', `DPoP ${token}`)
      headers.set('dpop', await this.#world.agent.proof(task.key, { method, url, token }))
      return fetch(url, { ...init, headers })
    }
  }

  /** The official client, connected. */
  async connect(task: OpenTask): Promise<Client> {
    const client = new Client({ name: 'test', version: '1' })
    const transport = new StreamableHTTPClientTransport(new URL(this.identifier), {
      fetch: await this.fetch(task),
    })
    // The SDK's own types disagree under exactOptionalPropertyTypes.
    await client.connect(transport as Parameters<Client['connect']>[0])
    this.#world.onStop(() => client.close())
    return client
  }

  /** A session that is spoken by hand. */
  async session(task: OpenTask, revision = '2025-11-25'): Promise<Session> {
    const session = await this.bare(task)
    const params = {
      protocolVersion: revision,
      capabilities: {},
      clientInfo: { name: 'hand', version: '1' },
    }
    const answer = await session.send({ jsonrpc: '2.0', id: 0, method: 'initialize', params })
    assert.equal(answer.status, 200, answer.text)
    session.id = String(answer.headers['mcp-session-id'])
    session.revision = String(rpcOf(answer).result.protocolVersion)
    return session
  }

  /** Requests by hand that are of no session. */
  async bare(task: OpenTask): Promise<Session> {
    return new Session(this, this.#world, task, await this.token(task))
  }

  /** An id for JSON-RPC that was not used before. */
  nextId(): number {
    return ++this.#last
  }
}

/** Deviations of a request by hand from a right one. */
export interface OddRequest {
  readonly method?: string
  readonly path?: string
  readonly token?: string
  /** Port of another replica behind the same address. */
  readonly port?: number
  /** Headers to replace or, when undefined, to leave out. */
  readonly headers?: Readonly<Record<string, string | undefined>>
}

export class Session {
  id: string | undefined
  revision: string | undefined
  readonly #place: Place
  readonly #world: World
  readonly #task: OpenTask
  readonly #token: string

  constructor(place: Place, world: World, task: OpenTask, token: string) {
    this.#place = place
    this.#world = world
    this.#task = task
    this.#token = token
  }

  /** Sends one HTTP request with a message, or text that is none. */
  async send(message: object | string | undefined, odd: OddRequest = {}): Promise<Answer> {
    const { sending, url } = await this.#sending(message, odd)
    return send(url, sending)
  }

  /** Prepares the request, for tests that send several in one moment. */
  async ready(message: object, odd: OddRequest = {}): Promise<() => Promise<Answer>> {
    const { sending, url } = await this.#sending(message, odd)
    return () => send(url, sending)
  }

  /** Sends the request, and answers as soon as the head of the answer is there. */
  async begin(message: object | undefined, odd: OddRequest = {}): Promise<IncomingMessage> {
    const { sending, url } = await this.#sending(message, odd)
    return begin(url, sending)
  }

  async #sending(message: object | string | undefined, odd: OddRequest) {
    const { method = 'POST', path = '', port, token = this.#token } = odd
    const url = this.#place.identifier + path
    const proof = await this.#world.agent.proof(this.#task.key, { method, url, token })
    const headers: Record<string, string | undefined> = {
      authorization: `DPoP ${token}`,
      dpop: proof,
      accept: 'application/json, text/event-stream',
      ...(message === undefined ? {} : { 'content-type': 'application/json' }),
      'mcp-session-id': this.id,
      'mcp-protocol-version': this.revision,
      ...odd.headers,
    }
    const given = Object.entries(headers).filter((each): each is [string, string] =>
      Boolean(each[1]),
    )
    const body = typeof message === 'string' ? message : message && JSON.stringify(message)
    return {
      url,
      sending: { method, headers: given, port, ...(body === undefined ? {} : { body }) },
    }
  }

  request(method: string, params: object = {}, odd: OddRequest = {}): Promise<Answer> {
    return this.send({ jsonrpc: '2.0', id: this.#place.nextId(), method, params }, odd)
  }

  call(name: string, args: object = {}, odd: OddRequest = {}): Promise<Answer> {
    return this.request('tools/call', { name, arguments: args }, odd)
  }
}

/** The JSON-RPC message in an answer, whichever way it came: the last one. */
// biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came
export function rpcOf(answer: Answer): any {
  return messagesOf(answer).at(-1)
}

// biome-ignore lint/suspicious/noExplicitAny: likewise
export function messagesOf(answer: Answer): any[] {
  if (!String(answer.headers['content-type']).startsWith('text/event-stream')) return [answer.body]
  return answer.text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice('data: '.length)))
}

/** The words of a tool's result. */
// biome-ignore lint/suspicious/noExplicitAny: likewise
export function wordsOf(result: any): string {
  return result.content.map(({ text }: { text?: string }) => text ?? '').join('\n')
}

/** No detail may list more. */
const MAX_ACTIONS = 64

function inParts(actions: readonly string[]): (readonly string[])[] {
  const count = Math.ceil(actions.length / MAX_ACTIONS)
  return Array.from({ length: count }, (_, i) =>
    actions.slice(i * MAX_ACTIONS, (i + 1) * MAX_ACTIONS),
  )
}

async function importServer(world: World, standing: ServerPlace): Promise<string[]> {
  const { a2a = false, name, proposed = false, trusted = false, url } = standing
  const { rooms } = world
  const { id: by } = await world.person('ada')
  const { close, dispatcher, fetchJson } = outbound({ allowOrigins: () => true })
  try {
    const options = {
      name,
      identifier: `${world.gateway}/${name}`,
      upstream: url,
      connection: 'echo-key',
      trusted,
    }
    const card = a2a ? await fetchJson(`${url}/.well-known/agent-card.json`) : undefined
    const plan =
      card instanceof Map
        ? planAgentImport(card, options)
        : planMcpImport(await describeMcpServer({ dispatcher }, { url, headers: {} }), options)
    await applyImport(rooms.connections, plan, by)
    for (const action of proposed ? [] : plan.actions)
      await setRisk(rooms.connections, { action: action.name, risk: 'low', by })
    return plan.actions.map((action) => action.name)
  } finally {
    await close()
  }
}

function rules({ asks = [], name, never = [] }: ServerPlace): string {
  const all = [
    `@id("support-${name}") permit (principal in Group::"support", action, resource == Resource::"${name}");`,
    `@id("agents-${name}") permit (principal is Agent, action, resource == Resource::"${name}") when { principal.trust >= 1 };`,
    ...asks.map(
      (operation) =>
        `@id("${name}-${operation}-asks") @requestable("") @approvers("group:finance") @lifetime("PT1H")
         forbid (principal is Person, action == Action::"${name}.${operation}", resource);`,
    ),
    ...never.map(
      (operation) =>
        `@id("${name}-${operation}-never") forbid (principal, action == Action::"${name}.${operation}", resource);`,
    ),
  ]
  return `\n${all.join('\n')}\n`
}
