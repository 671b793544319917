import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Hints } from '../hints.ts'
import { type ConnectionOptions, clientOptions } from './client.ts'

/** The one channel on the wire; ours travel as its payload. */
const CHANNEL = 'remit'
const SHORTEST_PAUSE = 100
const MAX_PAUSE = 5_000

/**
 * Hints between replicas (LISTEN and NOTIFY), on a connection of their own that is made again when it breaks. Hints that were
 * given meanwhile are lost, so every listener is then called once.
 */
export class Listener {
  readonly #url: string
  readonly #hints: Hints
  readonly #Client: NonNullable<ConnectionOptions['Client']>
  readonly #stopped = new AbortController()
  #client: pg.Client | undefined

  constructor(url: string, hints: Hints, { Client = pg.Client }: ConnectionOptions) {
    this.#url = url
    this.#Client = Client
    this.#hints = hints
  }

  /** @throws whatever `pg` throws when the first connection cannot be made */
  async start(): Promise<void> {
    const client = await this.#connect()
    void this.#keep(client)
  }

  notify(channel: string): void {
    const client = this.#client
    if (!client) this.#hints.raise(channel)
    else client.query('SELECT pg_notify($1, $2)', [CHANNEL, channel]).catch(() => {})
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#client?.end().catch(() => {})
  }

  async #connect(): Promise<pg.Client> {
    const client = new this.#Client({ ...clientOptions(this.#url), pipeline: true })
    client.on('error', () => {}) // `end` follows.
    client.on('notification', ({ payload }) => this.#hints.raise(payload ?? ''))
    await client.connect()
    await client.query(`LISTEN ${CHANNEL}`)
    this.#client = client
    return client
  }

  async #keep(first: pg.Client): Promise<void> {
    const { signal } = this.#stopped
    let client = first
    while (!signal.aborted) {
      await new Promise((resolve) => client.once('end', resolve))
      this.#client = undefined
      const next = await this.#reconnect(signal)
      if (!next) return
      client = next
      this.#hints.raiseAll()
    }
  }

  async #reconnect(signal: AbortSignal): Promise<pg.Client | undefined> {
    for (let pause = SHORTEST_PAUSE; !signal.aborted; pause = Math.min(MAX_PAUSE, pause * 2)) {
      try {
        return await this.#connect()
      } catch {
        await sleep(pause, undefined, { signal }).catch(() => {})
      }
    }
    return undefined
  }
}
