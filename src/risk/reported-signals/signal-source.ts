import type { Id } from '../../lib/id.ts'

/** A system that raises signals: it may say something about agents, people and tasks, and do nothing else. */
export interface SignalSource {
  readonly id: Id<'signal_source'>
  readonly name: string
  readonly createdBy: string
  readonly createdAt: number
  /** May lag by a minute. */
  readonly lastUsedAt: number | null
  readonly revokedAt: number | null
}
