import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import { hostname } from 'node:os'
import { HandedConnections } from './handed-connections.ts'
import { type ToChild, type ToParent, VARIABLES } from './messages.ts'

/** Signs of life that may be missing. Counted by the turns of the parent: a machine that slept is no process that hangs. */
const MAX_MISSED = 10

/** End of a process. */
export interface ProcessEnd {
  readonly code: number | null
  readonly signal: string | null
  /** True when it had served. */
  readonly served: boolean
}

/** One process that serves, as its parent sees it. */
export class Child {
  readonly number: number
  readonly ended: Promise<ProcessEnd>
  /** Resolves when it serves; never, when it ends before. */
  readonly ready: Promise<void>
  readonly #worker: Worker
  #serves = false
  #missed = 0
  readonly #asked = new Map<number, (text: string | undefined) => void>()
  #lastId = 0

  constructor(number: number, more: Readonly<Record<string, string>>) {
    this.number = number
    this.#worker = cluster.fork({
      ...more,
      [VARIABLES.number]: String(number),
      OTEL_RESOURCE_ATTRIBUTES: resourceAttributes(number),
    })
    const handed = new HandedConnections(this.#worker.process)
    const becomesReady = Promise.withResolvers<void>()
    this.ready = becomesReady.promise
    this.#worker.on('message', (message: ToParent) => {
      this.#missed = 0
      if (message.kind === 'ready') {
        this.#serves = true
        becomesReady.resolve()
      } else if (message.kind === 'metrics') this.#take(message)
    })
    this.#worker.on('error', () => {}) // `exit` follows
    this.ended = once(this.#worker.process, 'exit').then(([code, signal]) => {
      handed.close()
      for (const resolve of this.#asked.values()) resolve(undefined)
      return { code, signal, served: this.#serves }
    })
  }

  get pid(): number | undefined {
    return this.#worker.process.pid
  }

  get serves(): boolean {
    return this.#serves && !this.#worker.isDead()
  }

  /** Tells it to stop in order. */
  stop(): void {
    this.#send({ kind: 'stop' })
  }

  /** Ends it at once, as a crash would. */
  kill(): void {
    this.#worker.process.kill('SIGKILL')
  }

  /** Counts one more turn without a sign of life. True: it hangs. */
  missed(): boolean {
    if (this.serves) this.#missed += 1
    return this.#missed > MAX_MISSED
  }

  /** Asks for its metrics. `undefined` where it has none, or is gone. */
  metrics(): Promise<string | undefined> {
    if (!this.serves) return Promise.resolve(undefined)
    const id = ++this.#lastId
    return new Promise((resolve) => {
      this.#asked.set(id, resolve)
      this.#send({ kind: 'metrics', id })
    })
  }

  #take({ id, text }: Extract<ToParent, { kind: 'metrics' }>): void {
    this.#asked.get(id)?.(text)
    this.#asked.delete(id)
  }

  #send(message: ToChild): void {
    if (this.#worker.isConnected()) this.#worker.send(message, () => {})
  }
}

/** Attributes of a process for a collector, which tells instances apart by them. Attributes from the environment come after, and win. */
function resourceAttributes(number: number): string {
  const { OTEL_RESOURCE_ATTRIBUTES: given } = process.env
  return `service.instance.id=${hostname()}-${number}${given ? `,${given}` : ''}`
}
