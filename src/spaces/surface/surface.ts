import type { Id } from '../../lib/id.ts'

/**
 * A chat adapter or application that sees who talks in a space. It alone may say who asks and who is there: an agent says
 * neither, nor does a person. It speaks for one space and all below it, and for no agent.
 */
export interface Surface {
  readonly id: Id<'surface'>
  readonly name: string
  readonly spaceId: string
  /** Milliseconds. Silent for longer, nothing that it said counts any more. */
  readonly silentAfter: number
  readonly createdBy: string
  readonly createdAt: number
  /** Time when it last said anything. */
  readonly heardAt: number
  readonly revokedAt: number | null
}

export const SILENT_AFTER = { least: 60_000, default: 15 * 60_000, most: 24 * 60 * 60_000 } as const
