import type { Command } from 'commander'
import type { Noun, OperationDescription } from '../console/operation-kit/operation.ts'
import type { Awaitable } from '../platform/lib/pipeline.ts'
import type { Text } from '../platform/lib/terminal/text.ts'
import type { StoreGround } from './store-ground.ts'

/**
 * Command of `remit` that a module brings, or adds to. It is listed in `programs/module-commands.ts` and loaded with every command, so
 * it imports nothing but the descriptions of its operations, and these only when the command is asked for.
 */
export type ModuleCommand = OperationsCommand | StoreCommand

/** Command with operations of the management API below it. */
export interface OperationsCommand {
  /** First word, such as `retention`. */
  readonly name: string
  /** Command of the centre behind which help lists this one. Absent: it adds to the command of this name. */
  readonly behind?: string
  /** Loads the nouns. Those after the first that have another name, such as `policy shadow`, are commands below. */
  nouns(): Promise<readonly [CommandNoun, ...CommandNoun[]]>
}

/** Noun with operations that may have commands. */
export type CommandNoun = Noun<Readonly<Record<string, OperationDescription>>>

/** Command that works on the store, without a server. */
export interface StoreCommand {
  /** First word, such as `backup`. */
  readonly name: string
  /** Command of the centre behind which help lists this one. */
  readonly behind: string
  /** Loads what makes the command. */
  load(): Promise<(kit: StoreCommandKit) => Command>
}

/** Means to make a command that works on the store. */
export interface StoreCommandKit {
  /** Begins a command, with its sentence and its examples. */
  command(name: string, says: string, examples: readonly string[]): Command
  /** Makes the refusal of words that cannot be meant. */
  usage(title: string): Error
  /**
   * Runs work on the store that the settings in the environment name, and prints what it answers: as JSON where that is asked for, and
   * otherwise these lines.
   */
  run<T extends object>(
    invoked: Command,
    work: (store: StoreGround, said: CommandVoice) => Promise<T>,
    lines: (done: T) => Awaitable<readonly Text[]>,
  ): Promise<void>
}

/** Surroundings of a command that runs. */
export interface CommandVoice {
  /** Tells the person how it goes on. */
  say(line: Text): void
  /** Path of a file, from the directory in which the command was started. */
  path(given: string): string
}
