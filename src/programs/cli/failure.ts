/** Failure of a command, in words for the person who typed it. The one renderer is `tell-failure.ts`. */
export class CommandFailure extends Error {
  /** Lower case, no full stop, as everywhere. */
  readonly detail: string | undefined
  /** Code of the catalogue (`docs/problems/<code>.md`), when the failure has one. */
  readonly code: string | undefined
  /** Advice about the next step, one line each. */
  readonly next: readonly string[]
  /** Members of the problem document that a program may want to know besides. */
  readonly members: Readonly<Record<string, unknown>>
  /** 1 refused or failed, 2 not understood. */
  readonly exit: 1 | 2

  constructor(
    title: string,
    options: {
      detail?: string | undefined
      code?: string | undefined
      next?: readonly string[]
      members?: Readonly<Record<string, unknown>>
      exit?: 1 | 2
      cause?: unknown
    } = {},
  ) {
    super(title, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'Failure'
    this.detail = options.detail
    this.code = options.code
    this.next = options.next ?? []
    this.members = options.members ?? {}
    this.exit = options.exit ?? 1
  }
}

/** Refuses input that cannot be meant. */
export function usage(title: string, ...next: readonly string[]): CommandFailure {
  return new CommandFailure(title, { next, exit: 2 })
}

/** Ends a command that has told everything itself. */
export class CommandExit extends Error {
  readonly exit: number
  constructor(exit: number) {
    super('ended')
    this.name = 'CommandExit'
    this.exit = exit
  }
}
