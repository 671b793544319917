import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { headerValue } from '../../src/platform/net/mcp/revisions.ts'
import type { OpenTask } from '../agent.ts'
import type { Answer } from '../wire.ts'
import type { World } from '../world.ts'
import type { OddRequest, Place, Session } from './place.ts'

export const REVISION = '2026-07-28'

/** The `_meta` that every request of 2026-07-28 carries. */
export function metaFor(capabilities: object = {}, revision: string = REVISION) {
  return {
    'io.modelcontextprotocol/protocolVersion': revision,
    'io.modelcontextprotocol/clientInfo': { name: 'hand', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': capabilities,
  }
}

/** Requests of 2026-07-28 that are written by hand. */
export class Stateless {
  readonly #bare: Session
  readonly #capabilities: object

  private constructor(bare: Session, capabilities: object) {
    this.#bare = bare
    this.#capabilities = capabilities
  }

  static async at(place: Place, task: OpenTask, capabilities: object = {}): Promise<Stateless> {
    return new Stateless(await place.bare(task), capabilities)
  }

  request(method: string, params: object = {}, odd: OddRequest = {}): Promise<Answer> {
    return this.#bare.request(...this.#written(method, params, odd))
  }

  #written(method: string, params: object, odd: OddRequest): [string, object, OddRequest] {
    const { _meta, ...rest } = params as { _meta?: object } // as: the one member that is looked at
    const { name, taskId, uri } = rest as Record<string, unknown> // as: likewise
    const named = { 'prompts/get': name, 'resources/read': uri, 'tools/call': name }
    const value = Object.hasOwn(named, method)
      ? named[method as keyof typeof named] // as: it has it
      : taskId
    const headers = {
      'mcp-protocol-version': REVISION,
      'mcp-method': method,
      'mcp-name': typeof value === 'string' ? headerValue(value) : undefined,
      ...odd.headers,
    }
    const meta = { ...metaFor(this.#capabilities), ..._meta }
    return [method, { ...rest, _meta: meta }, { ...odd, headers }]
  }

  call(name: string, args: object = {}, more: object = {}, odd: OddRequest = {}): Promise<Answer> {
    return this.request('tools/call', { name, arguments: args, ...more }, odd)
  }
}

export type Negotiation = 'legacy' | 'auto' | { pin: string }

/** The official client of the second generation, connected. */
export async function connectNew(
  world: World,
  place: Place,
  task: OpenTask,
  mode: Negotiation,
  capabilities: ConstructorParameters<typeof Client>[1] = {},
): Promise<Client> {
  const client = new Client(
    { name: 'test', version: '2' },
    { ...capabilities, versionNegotiation: { mode } },
  )
  const transport = new StreamableHTTPClientTransport(new URL(place.identifier), {
    fetch: await place.fetch(task),
  })
  // as: the SDK's own types disagree under exactOptionalPropertyTypes
  await client.connect(transport as Parameters<Client['connect']>[0])
  world.onStop(() => client.close())
  return client
}
