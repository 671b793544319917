import { inspect } from 'node:util'

/** A value that must not be written anywhere by accident: prints, logs and serialises as `[redacted]`. */
export class Secret {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  /** Reveals the value, as the only way to it. Call it where it is used, never earlier. */
  reveal(): string {
    return this.#value
  }
  toString(): string {
    return '[redacted]'
  }
  toJSON(): string {
    return '[redacted]'
  }
  [inspect.custom](): string {
    return '[redacted]'
  }
}
