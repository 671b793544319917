import { dim, text } from '../../../platform/lib/terminal/text.ts'
import type { Cli } from '../cli.ts'

const MAX_LINES_A_SECOND = 40
/** Shorter values are everywhere, and hiding them says more than it hides. */
const MIN_HIDDEN = 6

/** Shows what a server writes, marked as its words; values that it was given are hidden, and a flood is left out and counted. */
export class ServerWords {
  readonly #cli: Cli
  readonly #name: string
  readonly #hidden: readonly string[]
  #second = 0
  #lines = 0
  #leftOut = 0

  constructor(cli: Cli, name: string, given: readonly string[]) {
    this.#cli = cli
    this.#name = name
    this.#hidden = given.filter((value) => value.length >= MIN_HIDDEN)
  }

  take(line: string, cut: boolean): void {
    const second = Math.floor(this.#cli.now / 1_000)
    if (second !== this.#second) {
      this.#second = second
      this.#lines = 0
      this.flush()
    }
    if (++this.#lines > MAX_LINES_A_SECOND) {
      this.#leftOut++
      return
    }
    const open = this.#hidden.reduce((all, value) => all.replaceAll(value, '***'), line)
    this.#show(text`${open.trimEnd()}${cut ? ' …' : ''}`)
  }

  /** Says how many lines were left out. */
  flush(): void {
    if (this.#leftOut > 0) this.#show(dim(text`(${this.#leftOut} more lines)`))
    this.#leftOut = 0
  }

  #show(words: ReturnType<typeof text>): void {
    this.#cli.say(text`${dim(text`${this.#name} says:`)} ${words}`)
  }
}
