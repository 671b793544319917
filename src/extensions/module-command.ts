import type { Noun, OperationDescription } from '../console/operation-kit/operation.ts'

/**
 * Command of `remit` that a module brings, or adds to. It is listed in `programs/module-commands.ts` and loaded with every command, so
 * it imports nothing but the descriptions of its operations, and these only when the command is asked for.
 */
export interface ModuleCommand {
  /** First word, such as `retention`. */
  readonly name: string
  /** Command of the centre behind which help lists this one. Absent: it adds to the command of this name. */
  readonly behind?: string
  /** Loads the nouns. Those after the first that have another name, such as `policy shadow`, are commands below. */
  nouns(): Promise<readonly [CommandNoun, ...CommandNoun[]]>
}

/** Noun with operations that may have commands. */
export type CommandNoun = Noun<Readonly<Record<string, OperationDescription>>>
