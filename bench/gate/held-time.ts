import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import { type Clock, systemClock } from '../../src/platform/lib/clock.ts'

type Callback = (...args: unknown[]) => void

/**
 * Time of this thread, which can be held. INVARIANT: while it is, no timer fires and the clock of the server stands. Background
 * work comes by time, so that how much of it falls among calls depends on how fast the machine is; held, none does.
 */
export class HeldTime {
  #held: (() => void)[] | undefined
  #at = { now: 0, monotonic: 0 }
  readonly #plain = timers.setTimeout

  /** Clock of the server. */
  readonly clock: Clock = {
    now: () => (this.#held ? this.#at.now : systemClock.now()),
    monotonic: () => (this.#held ? this.#at.monotonic : systemClock.monotonic()),
  }

  /** Waits, held or not. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => this.#plain(resolve, ms))
  }

  /** Takes the place of the timers that modules import from now on, once `syncBuiltinESMExports` is called. */
  install(): void {
    for (const name of ['setTimeout', 'setInterval'] as const) {
      const plain = timers[name]
      const gated = (callback: Callback, ...rest: unknown[]) =>
        Reflect.apply(plain, timers, [this.#later(callback), ...rest])
      Object.assign(timers, { [name]: Object.assign(gated, plain) })
      Object.assign(globalThis, { [name]: gated })
    }
    const wait = timersPromises.setTimeout
    const held = () => this.#held
    const gatedWait = async (...given: Parameters<typeof wait>) => {
      const value = await wait(...given)
      const waiting = held()
      if (waiting) await new Promise<void>((resolve) => waiting.push(resolve))
      return value
    }
    Object.assign(timersPromises, { setTimeout: gatedWait })
  }

  hold(): void {
    this.#at = { now: systemClock.now(), monotonic: systemClock.monotonic() }
    this.#held ??= []
  }

  /** Fires those whose time came meanwhile. */
  release(): void {
    const due = this.#held ?? []
    this.#held = undefined
    for (const fire of due) fire()
  }

  #later(callback: Callback): Callback {
    return (...args) => {
      if (this.#held) this.#held.push(() => callback(...args))
      else callback(...args)
    }
  }
}
