import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { Problem } from '../../src/platform/lib/problem.ts'
import type { World } from '../world.ts'

/**
 * Way to stop a request at one of the things that it makes durable. `gone`: that one and everything
 * after it is not done, as when the process ends there. `unknown`: it is done and nobody is told
 * so, as when the database goes away while it commits.
 */
export type Stop = 'gone' | 'unknown'

interface RunningRequest {
  done: number
  hit: boolean
}

const STARTED = 'http.server.request.start'

/** Stops requests to the issuer of a world at the n-th thing that they make durable. Nothing else is stopped. */
export class Stops {
  readonly #running = new AsyncLocalStorage<RunningRequest>()
  readonly #begin: (message: unknown) => void
  #armed: { readonly at: number; readonly how: Stop; readonly path: RegExp } | undefined
  #last: RunningRequest = { hit: false, done: 0 }

  private constructor(port: string) {
    this.#begin = (message) => {
      const { request } = message as { request: IncomingMessage } // as: what Node publishes there
      if (String(request.socket.localPort) !== port) return
      if (!this.#armed?.path.test(request.url ?? '')) return
      // One count for all that the work asks for: a form, and where it leads.
      this.#running.enterWith(this.#last)
    }
  }

  static in({ issuer, rooms }: World): Stops {
    const stops = new Stops(new URL(issuer).port)
    const { storage } = rooms
    const [commit, transaction] = [storage.commit, storage.transaction]
    const { revocation } = storage.lanes
    Object.assign(storage, {
      commit: (steps: Parameters<typeof commit>[0]) => stops.#pass(() => commit(steps)),
      transaction: (work: Parameters<typeof transaction>[0]) =>
        stops.#pass(() => transaction(work)),
    })
    Object.assign(storage.lanes, {
      revocation: {
        ...revocation,
        transaction: (work: Parameters<typeof transaction>[0]) =>
          stops.#pass(() => revocation.transaction(work)),
      },
    })
    subscribe(STARTED, stops.#begin)
    return stops
  }

  end(): void {
    unsubscribe(STARTED, this.#begin)
  }

  /** Stops what `work` asks of these paths. Answers whether anything was stopped. */
  async during<T>(
    stop: { readonly at: number; readonly how: Stop; readonly path: RegExp },
    work: () => Promise<T>,
  ): Promise<{ readonly answer: T; readonly stopped: boolean }> {
    this.#armed = stop
    this.#last = { done: 0, hit: false }
    try {
      const answer = await work()
      return { answer, stopped: this.#last.hit }
    } finally {
      this.#armed = undefined
    }
  }

  async #pass<T>(write: () => Promise<T>): Promise<T> {
    const [running, armed] = [this.#running.getStore(), this.#armed]
    if (!running || !armed) return write()
    const n = running.done++
    const { at, how } = armed
    if (n < at || (how === 'unknown' && n > at)) return write()
    running.hit = true
    if (how === 'unknown') await write()
    throw new Problem('storage.unavailable', 'stopped by a test')
  }
}
