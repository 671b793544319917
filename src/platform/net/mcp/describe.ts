import type { Dispatcher } from 'undici'
import { isObject, type Json, type JsonObject } from '../../lib/json.ts'
import { Problem } from '../../lib/problem.ts'
import { MINUTE } from '../../lib/time-units.ts'
import type { ExchangeFailure, ExchangeResult } from './exchanged.ts'
import { RPC } from './message.ts'
import {
  ask,
  endMcpSession,
  type McpPeer,
  type McpSession,
  needsNoSession,
  type OpenedSession,
  openMcpSession,
  type SpokenMemory,
} from './session.ts'

/** Description of an MCP server in its own words: untrusted, and of bounded size. */
export interface McpDescription {
  readonly protocolVersion: string
  readonly server: {
    readonly name: string
    readonly version: string
    readonly title?: string
    readonly instructions?: string
    /** Names of capabilities besides lists; left out: it was not asked for all of them. */
    readonly offers?: readonly OfferedCapability[]
  }
  readonly tools: readonly JsonObject[]
  readonly prompts: readonly JsonObject[]
  readonly resources: readonly JsonObject[]
  readonly resourceTemplates: readonly JsonObject[]
  /** True when it serves resources, whether or not it lists any. */
  readonly offersResources: boolean
}

/** Capability besides the lists: of `resources`, that it tells of changes. */
type OfferedCapability = 'completions' | 'logging' | 'resources/subscribe'

const LIMITS = { bytes: 4 * 1024 * 1024, events: 1_000, timeMs: 15_000 }
/** Time limit of the whole description. */
const WITHIN_MS = MINUTE
const MAX_PAGES = 64
const MAX_ITEMS = 2_000
const MAX_TEXT = { name: 200, version: 200, title: 200, instructions: 16_384 }
const MAX_CURSOR = 4_096

export interface DescribeOptions {
  /** `definitions`: tools and prompts, not the lists of resources. Default: everything. */
  readonly only?: 'definitions'
  /** Ends the requests. */
  readonly signal?: AbortSignal
  /** Memory of how servers are spoken to. */
  readonly known?: SpokenMemory
}

/**
 * Asks an MCP server (Streamable HTTP, in the revision that it prefers) for everything it lists, page by page, in its order.
 * @throws Problem `outbound.refused`, `.unreachable`, `.timed_out`, `.too_large`, `.unexpected_answer`
 */
export async function describeMcpServer(
  ports: { readonly dispatcher: Dispatcher },
  at: { readonly url: string; readonly headers: Readonly<Record<string, string>> },
  { known, only, signal: ended }: DescribeOptions = {},
): Promise<McpDescription> {
  const peer: McpPeer = {
    dispatcher: ports.dispatcher,
    ...at,
    limits: LIMITS,
    ...(known ? { known } : {}),
  }
  const within = AbortSignal.timeout(WITHIN_MS)
  const signal = ended ? AbortSignal.any([within, ended]) : within
  const began = await openMcpSession(peer, { signal })
  if (!began.ok) throw problemOf(began.ended, 'initialize')
  const { opened } = began
  const lists = new Lists(peer, opened.session, signal)
  try {
    const has = (name: string) =>
      isObject(opened.capabilities.get(name)) && !(only && name === 'resources')
    return {
      protocolVersion: opened.session.revision,
      server: {
        ...serverOf(opened),
        ...(only ? {} : { offers: await offeredBy(peer, opened, signal) }),
      },
      tools: has('tools') ? await lists.all('tools/list', 'tools') : [],
      prompts: has('prompts') ? await lists.all('prompts/list', 'prompts') : [],
      resources: has('resources') ? await lists.all('resources/list', 'resources') : [],
      resourceTemplates: has('resources')
        ? await lists.all('resources/templates/list', 'resourceTemplates')
        : [],
      offersResources: has('resources'),
    }
  } finally {
    await endMcpSession(peer, opened.session)
  }
}

/**
 * Names what a server offers besides its lists. One of both generations is asked in the other, too: clients of each are spoken to in
 * their own.
 */
async function offeredBy(
  peer: McpPeer,
  { capabilities, session }: OpenedSession,
  signal: AbortSignal,
): Promise<readonly OfferedCapability[]> {
  const all = [capabilities]
  if (needsNoSession(session)) {
    const began = await openMcpSession(peer, { signal }, { wanted: 'sessions' })
    if (began.ok) {
      all.push(began.opened.capabilities)
      await endMcpSession(peer, began.opened.session)
    }
  }
  const has = (name: string) => all.some((each) => isObject(each.get(name)))
  const subscribes = all.some((each) => {
    const resources = each.get('resources')
    return isObject(resources) && resources.get('subscribe') === true
  })
  return [
    ...(has('completions') ? (['completions'] as const) : []),
    ...(has('logging') ? (['logging'] as const) : []),
    ...(subscribes ? (['resources/subscribe'] as const) : []),
  ]
}

function serverOf({ instructions, serverInfo }: OpenedSession): McpDescription['server'] {
  const serverText = (member: 'name' | 'version' | 'title') => {
    const value = serverInfo.get(member)
    return typeof value === 'string' ? value.slice(0, MAX_TEXT[member]) : undefined
  }
  const title = serverText('title')
  return {
    name: serverText('name') ?? '',
    version: serverText('version') ?? '',
    ...(title === undefined ? {} : { title }),
    ...(instructions === undefined
      ? {}
      : { instructions: instructions.slice(0, MAX_TEXT.instructions) }),
  }
}

/** Reads lists of one session to their ends. */
class Lists {
  readonly #peer: McpPeer
  readonly #session: McpSession
  readonly #signal: AbortSignal
  #asked = 0

  constructor(peer: McpPeer, session: McpSession, signal: AbortSignal) {
    this.#peer = peer
    this.#session = session
    this.#signal = signal
  }

  async all(method: string, member: string): Promise<JsonObject[]> {
    const items: JsonObject[] = []
    const seen = new Set<string>()
    let cursor: string | undefined
    do {
      const page = await this.#page(method, cursor)
      if (!page) return items
      items.push(...itemsOf(page, member, method))
      cursor = cursorOf(page, method)
      if (cursor !== undefined && seen.has(cursor))
        throw unexpected(`\`${method}\` goes round in a circle`)
      if (cursor !== undefined) seen.add(cursor)
      if (items.length > MAX_ITEMS || seen.size > MAX_PAGES)
        throw new Problem('outbound.too_large', `\`${method}\` has more than ${MAX_ITEMS} entries`)
    } while (cursor !== undefined)
    return items
  }

  /** `undefined`: the server does not have this list after all. */
  async #page(method: string, cursor: string | undefined): Promise<JsonObject | undefined> {
    const params = new Map<string, Json>(cursor === undefined ? [] : [['cursor', cursor]])
    const request = { id: `list-${++this.#asked}`, method, params }
    const ended = await ask(this.#peer, this.#session, request, { signal: this.#signal })
    if (ended.state !== 'answered' || !ended.answer) throw problemOf(ended, method)
    if (ended.answer.kind === 'result') return ended.answer.result
    if (ended.answer.code === RPC.methodNotFound) return undefined
    throw unexpected(`\`${method}\` was answered with the error ${ended.answer.code}`)
  }
}

function itemsOf(page: JsonObject, member: string, method: string): JsonObject[] {
  const items = page.get(member)
  if (!Array.isArray(items) || !items.every(isObject))
    throw unexpected(`\`${method}\` was not answered with a list`)
  return items
}

function cursorOf(page: JsonObject, method: string): string | undefined {
  const cursor = page.get('nextCursor')
  if (cursor === undefined) return undefined
  if (typeof cursor !== 'string' || cursor.length > MAX_CURSOR)
    throw unexpected(`\`${method}\` has a cursor that is none`)
  return cursor
}

/** Problem that says why there is no description, in the words of outbound requests. */
function problemOf(ended: ExchangeResult, method: string): Problem {
  const at = `the MCP server, asked for \`${method}\`,`
  if (ended.state === 'answered') return unexpected(`${at} gave no answer`)
  if (ended.cause instanceof Problem && ended.cause.code.startsWith('outbound.')) return ended.cause
  const [code, words] = WORDS[ended.failure]
  const status =
    ended.status === undefined || ended.status === 200 ? '' : ` (status ${ended.status})`
  return new Problem(code, `${at} ${words}${status}`, { cause: ended.cause })
}

const WORDS = {
  unreachable: ['outbound.unreachable', 'could not be reached'],
  not_permitted: ['outbound.unreachable', 'was not reached'],
  timed_out: ['outbound.timed_out', 'did not answer in time'],
  left: ['outbound.timed_out', 'did not answer in time'],
  unsure: ['outbound.timed_out', 'did not answer in time'],
  too_large: ['outbound.too_large', 'answered with more than is read'],
  unexpected: ['outbound.unexpected_answer', 'answered something that is not MCP'],
  cut: ['outbound.unexpected_answer', 'ended the connection without an answer'],
} as const satisfies Record<
  ExchangeFailure,
  readonly [
    (
      | 'outbound.unreachable'
      | 'outbound.timed_out'
      | 'outbound.too_large'
      | 'outbound.unexpected_answer'
    ),
    string,
  ]
>

function unexpected(detail: string): Problem {
  return new Problem('outbound.unexpected_answer', detail)
}
