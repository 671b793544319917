import { Redactor } from '../../../../platform/lib/redaction/redactor.ts'
import { HOUR, MINUTE } from '../../../../platform/lib/time-units.ts'
import { HeldPlaces, type SlotHolders } from '../../../../platform/lib/under-way/held-places.ts'
import {
  ask,
  listenTo,
  needsNoSession,
  type RpcNotification,
  type RpcRequest,
} from '../../../../platform/net/index.ts'
import type { FeedListener, FeedSource } from '../feed.ts'
import type { FeedRegistry, McpPorts } from '../ports.ts'
import { upstreamPeer } from './peer.ts'

/** Maximum streams from one server at once, which tasks, people and agents share: they leave connections for calls. */
const MAX_FEEDS = 32
/** Time after which a stream is opened again, and longest pause before that, in milliseconds. */
const STREAM_MS = HOUR
const MAX_PAUSE_MS = MINUTE
/** Maximum time that a call waits for the stream on which its server may ask, in milliseconds. */
const READY_MS = 2_000

export class ServerFeeds implements FeedRegistry {
  readonly #feeds = new Map<string, ServerFeed>()
  readonly #open = new Map<string, HeldPlaces>()

  attach(source: FeedSource, listener: FeedListener, ports: McpPorts): () => Promise<void> {
    const { key } = source
    const feed = this.#feeds.get(key) ?? new ServerFeed(source, this, ports)
    this.#feeds.set(key, feed)
    feed.listeners.add(listener)
    feed.renew()
    return async () => {
      feed.listeners.delete(listener)
      if (feed.listeners.size > 0) return feed.renew()
      if (this.#feeds.get(key) === feed) this.#feeds.delete(key)
      await feed.end()
    }
  }

  renew(key: string): void {
    this.#feeds.get(key)?.renew()
  }

  wants(key: string, uri: string): boolean {
    return [...(this.#feeds.get(key)?.listeners ?? [])].some((each) => each.uris().includes(uri))
  }

  async ready(key: string): Promise<void> {
    await this.#feeds.get(key)?.opened
  }

  /** Counts a stream from a server; `undefined`: there are enough. */
  enter(origin: string, holders: SlotHolders): (() => void) | undefined {
    const open = this.#open.get(origin) ?? new HeldPlaces(MAX_FEEDS)
    const release = open.take(holders)
    if (!release) return undefined
    this.#open.set(origin, open)
    return () => {
      release()
      if (open.taken === 0) this.#open.delete(origin)
    }
  }
}

/** Stream of one server, of what it says without being asked in one session. */
class ServerFeed {
  readonly listeners = new Set<FeedListener>()
  readonly #source: FeedSource
  readonly #feeds: ServerFeeds
  readonly #ports: McpPorts
  readonly #leaving = new AbortController()
  #renewed = new AbortController()
  #opening = Promise.withResolvers<void>()
  /** Text of `#wanted` when the stream began. */
  #with = ''
  readonly #done: Promise<void>

  constructor(source: FeedSource, feeds: ServerFeeds, ports: McpPorts) {
    this.#source = source
    this.#feeds = feeds
    this.#ports = ports
    this.#done = this.#follow()
  }

  get opened(): Promise<void> {
    return this.#opening.promise
  }

  /** Begins again, if it would begin with something else. */
  renew(): void {
    if (this.#with === this.#wanted()) return
    this.#opening.resolve()
    this.#opening = Promise.withResolvers()
    this.#renewed.abort()
  }

  async end(): Promise<void> {
    this.#leaving.abort()
    this.#opening.resolve()
    await this.#done
  }

  #uris(): readonly string[] {
    return [...new Set([...this.listeners].flatMap((each) => each.uris()))].toSorted()
  }

  /** Text that says with what the stream would begin now: the session and, without one, the filter. */
  #wanted(): string {
    const session = this.#source.session()
    if (!session) return ''
    return JSON.stringify([session, needsNoSession(session) ? this.#uris() : []])
  }

  async #follow(): Promise<void> {
    const { decisions, log, mcp, wait } = this.#ports
    const leaving = this.#leaving.signal
    // The caller of the constructor adds its listener before anything is told.
    await Promise.resolve()
    for (let pause = mcp.lookEvery; !leaving.aborted; ) {
      if (this.#renewed.signal.aborted) this.#renewed = new AbortController()
      const until = AbortSignal.any([leaving, this.#renewed.signal])
      const began = decisions.clock.monotonic()
      this.#with = this.#wanted()
      const { resolve } = this.#opening
      void wait(READY_MS, until).then(resolve)
      await this.#listen(until, resolve).catch((error: unknown) =>
        log.warn({ resource: this.#source.resource.name, err: error }, 'a server is not heard'),
      )
      resolve()
      const brief = decisions.clock.monotonic() - began < MAX_PAUSE_MS
      pause = brief && !until.aborted ? Math.min(pause * 2, MAX_PAUSE_MS) : mcp.lookEvery
      await wait(pause, until)
    }
  }

  async #listen(signal: AbortSignal, onStream: () => void): Promise<void> {
    const { holders, resource, session: current } = this.#source
    const session = current()
    const uris = this.#uris()
    if (!session || (needsNoSession(session) && uris.length === 0)) return
    const { origin } = new URL(resource.upstream)
    const leave = this.#feeds.enter(origin, holders)
    const release = leave && this.#ports.slots.take(origin, holders)
    try {
      if (!release) return
      const { peer, secrets } = await upstreamPeer(resource, undefined, this.#ports)
      const redactor = new Redactor(secrets)
      const lasting = { ...peer, limits: { ...peer.limits, timeMs: STREAM_MS } }
      const hooks = {
        signal,
        mayStart: () => [...this.listeners].some((each) => each.lives()),
        onStream,
        onMessage: (said: RpcRequest | RpcNotification) => this.#hear(said, redactor),
        onQuestion: (question: RpcRequest) => this.#ask(question, redactor, signal),
      }
      if (needsNoSession(session)) await ask(lasting, session, listening(uris), hooks)
      else await listenTo(lasting, session, hooks)
    } finally {
      release?.()
      leave?.()
    }
  }

  #hear(said: RpcRequest | RpcNotification, redactor: Redactor): void {
    if (said.kind !== 'notification') return
    const { method, params } = said
    for (const each of this.listeners) each.log?.(said, redactor)
    if (
      method === 'notifications/tools/list_changed' ||
      method === 'notifications/prompts/list_changed'
    )
      this.#ports.watch.due(this.#source.resource.name)
    const uri = params.get('uri')
    if (method !== 'notifications/resources/updated' || typeof uri !== 'string') return
    // INVARIANT: a client is told of what it may read now, under the very address that it named.
    for (const each of this.listeners)
      if (each.lives() && each.uris().includes(uri)) each.updated(uri)
  }

  async #ask(question: RpcRequest, redactor: Redactor, leaving: AbortSignal) {
    const asked = [...this.listeners].findLast((each) => each.ask && each.lives())
    return asked?.ask?.(question, redactor, leaving)
  }
}

/** Request of 2026-07-28 to be told of resources ("Subscriptions"). */
export function listening(uris: readonly string[], id = 'listen'): Omit<RpcRequest, 'kind'> {
  const notifications = new Map([['resourceSubscriptions', [...uris]]])
  return { id, method: 'subscriptions/listen', params: new Map([['notifications', notifications]]) }
}
