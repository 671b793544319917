import { LruCache } from '../../platform/lib/lru-cache.ts'
import { HeldPlaces, type SlotHolders } from '../../platform/lib/under-way/held-places.ts'
import type { McpSession, RpcError, RpcResult } from '../../platform/net/index.ts'
import type { McpLimits } from './limits.ts'
import type { LogLevel } from './log-level.ts'
import type { McpConversation } from './session-id.ts'

const MAX_REMEMBERED = 10_000
/** Maximum subscriptions that are open at once; tasks, people and agents share those of all. */
const MAX_LISTENING = { perTask: 4, all: 1_000 }

/**
 * State that this replica keeps of the conversations it serves. Nothing here grants anything:
 * another replica that knows none of it answers the same calls, only without hearing of
 * cancellations.
 */
export class McpSessions {
  /**
   * Cache of opened session ids, by resource. Every call brings one, and its content never changes.
   */
  readonly sessions = new LruCache<McpConversation>(MAX_REMEMBERED)
  /** Levels of log messages that servers were told, by key and id of the session with them. */
  readonly levels = new LruCache<LogLevel>(MAX_REMEMBERED)
  readonly #underWay = new Map<string, AbortController>()
  readonly #ended = new Set<string>()
  readonly #reopened = new Map<string, McpSession>()
  readonly #opening = new Map<string, Promise<unknown>>()
  readonly #held = new Map<string, number>()
  readonly #questions = new Map<string, (answer: RpcResult | RpcError) => void>()
  readonly #listening = new Map<string, number>()
  readonly #allListening = new HeldPlaces(MAX_LISTENING.all)
  readonly #streams = new Map<string, AbortController>()
  readonly #reshaped = new Map<string, number>()
  #allHeld: { readonly calls: HeldPlaces; readonly bytes: HeldPlaces } | undefined

  /** Begins a request; `undefined` when one with this id is under way in the conversation. */
  begin(conversation: string, id: string): AbortSignal | undefined {
    const key = `${conversation} ${id}`
    if (this.#underWay.has(key)) return undefined
    const leaving = new AbortController()
    this.#underWay.set(key, leaving)
    return leaving.signal
  }

  done(conversation: string, id: string): void {
    this.#underWay.delete(`${conversation} ${id}`)
  }

  /** Aborts the request, because the client does not want its answer any more. */
  cancel(conversation: string, id: string): void {
    this.#underWay.get(`${conversation} ${id}`)?.abort()
  }

  end(conversation: string): void {
    remember(this.#ended, conversation)
    this.#streams.get(conversation)?.abort()
  }

  hasEnded(conversation: string): boolean {
    return this.#ended.has(conversation)
  }

  /**
   * Keeps the session with the server for a conversation: a new one, because the server has
   * forgotten the one in the id; or the one of a task that speaks without sessions.
   */
  reopen(conversation: string, session: McpSession): void {
    if (this.#reopened.size >= MAX_REMEMBERED) forgetFirst(this.#reopened)
    this.#reopened.set(conversation, session)
  }

  reopened(conversation: string): McpSession | undefined {
    return this.#reopened.get(conversation)
  }

  /**
   * Counts a subscription of a task. Returns a function that ends this, or `undefined` when there
   * are too many.
   */
  listen(holders: SlotHolders): (() => void) | undefined {
    const { task } = holders
    if ((this.#listening.get(task) ?? 0) >= MAX_LISTENING.perTask) return undefined
    const release = this.#allListening.take(holders)
    if (!release) return undefined
    count(this.#listening, task, 1)
    return () => {
      count(this.#listening, task, -1)
      release()
    }
  }

  /**
   * Begins the stream of a session, in place of the one before: a client that has lost it comes back
   * before we know. Returns what ends it, and a function that does.
   */
  stream(conversation: string): { readonly replaced: AbortSignal; readonly release: () => void } {
    this.#streams.get(conversation)?.abort()
    const leaving = new AbortController()
    this.#streams.set(conversation, leaving)
    const release = () => {
      if (this.#streams.get(conversation) === leaving) this.#streams.delete(conversation)
    }
    return { replaced: leaving.signal, release }
  }

  /** Notes a call of a session of which policies leave something out, until it has ended. */
  reshape(session: string): () => void {
    count(this.#reshaped, session, 1)
    return () => count(this.#reshaped, session, -1)
  }

  isReshaping(session: string): boolean {
    return this.#reshaped.has(session)
  }

  /**
   * Waits for the client's answer to a question of ours; `undefined` when it is not wanted any more.
   * Only this replica hears of it.
   */
  question(
    conversation: string,
    id: string,
    over: AbortSignal,
  ): Promise<RpcResult | RpcError | undefined> {
    const key = `${conversation} ${id}`
    const { promise, resolve } = Promise.withResolvers<RpcResult | RpcError | undefined>()
    this.#questions.set(key, resolve)
    if (over.aborted) resolve(undefined)
    over.addEventListener('abort', () => resolve(undefined), { once: true })
    return promise.finally(() => this.#questions.delete(key))
  }

  /** Checks whether a question of that id is open in the conversation. */
  asks(conversation: string, id: string): boolean {
    return this.#questions.has(`${conversation} ${id}`)
  }

  answer(conversation: string, id: string, answer: RpcResult | RpcError): void {
    this.#questions.get(`${conversation} ${id}`)?.(answer)
  }

  /**
   * Waits for its turn to open a session with the server for a conversation, so that calls made at
   * once share one. Returns a function that ends the turn.
   */
  async turn(conversation: string, leaving: AbortSignal): Promise<() => void> {
    const left = new Promise((resolve) => leaving.addEventListener('abort', resolve))
    for (let other = this.#opening.get(conversation); other && !leaving.aborted; ) {
      await Promise.race([other, left])
      other = this.#opening.get(conversation)
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#opening.set(conversation, promise)
    return () => {
      if (this.#opening.get(conversation) === promise) this.#opening.delete(conversation)
      resolve()
    }
  }

  /**
   * Counts a call of that size as waiting for people. Returns a function that ends this, or
   * `undefined` when too much waits already.
   */
  hold(holders: SlotHolders, bytes: number, most: McpLimits['held']): (() => void) | undefined {
    const { task } = holders
    if ((this.#held.get(task) ?? 0) >= most.perTask) return undefined
    this.#allHeld ??= { calls: new HeldPlaces(most.all), bytes: new HeldPlaces(most.bytes) }
    const all = this.#allHeld
    const released = all.bytes.hasRoom(holders, bytes) ? all.calls.take(holders) : undefined
    const room = released && all.bytes.take(holders, bytes)
    if (!room) return undefined
    count(this.#held, task, 1)
    return () => {
      count(this.#held, task, -1)
      released()
      room()
    }
  }
}

function count(of: Map<string, number>, key: string, by: number): void {
  const now = (of.get(key) ?? 0) + by
  if (now > 0) of.set(key, now)
  else of.delete(key)
}

function remember(set: Set<string>, value: string): void {
  if (set.size >= MAX_REMEMBERED) forgetFirst(set)
  set.add(value)
}

function forgetFirst(of: Set<string> | Map<string, unknown>): void {
  for (const key of of.keys()) {
    of.delete(key)
    return
  }
}
