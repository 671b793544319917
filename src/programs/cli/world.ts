import type { Readable } from 'node:stream'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Random } from '../../platform/lib/random.ts'

export interface Output {
  write(text: string | Uint8Array): void
  /** A person looks at it. */
  readonly isTerminal: boolean
  /** Columns of the terminal. */
  readonly width: number | undefined
}

/**
 * Surroundings that commands work with, so that tests can stand in for it. The network is real
 * everywhere.
 */
export interface World {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** Directory in which the command was started; relative paths begin here. */
  readonly directory: string
  /** Standard output, for answers. */
  readonly output: Output
  /** Standard error, for progress and failures. */
  readonly talk: Output
  /** Standard input to its end. */
  readInput(): Promise<Uint8Array>
  /** A person can answer a question. */
  readonly interactive: boolean
  /** Asks for something that is not shown while it is typed. `undefined`: the person changed their mind. */
  askSecret(question: string): Promise<string | undefined>
  /** Asks yes or no. No answer is a no. */
  askYes(question: string): Promise<boolean>
  /** Standard input, piece by piece. */
  readonly input: () => Readable
  /** Resolves when the command is told to stop, or its output is read no more. */
  readonly untilStopped: () => Promise<unknown>
  /** Shows an http(s) address in the person's browser, if there is one. Never fails. */
  openBrowser(url: string): void
  readonly clock: Clock
  readonly random: Random
  readonly wait: (ms: number) => Promise<void>
}
