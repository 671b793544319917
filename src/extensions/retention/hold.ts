import type { Id } from '../../platform/lib/id.ts'
import type { SubjectMatter } from './subject.ts'

/** Scope of a legal hold: it covers whatever matches everything that it names. */
export interface HoldScope {
  readonly personId: string | null
  readonly agentId: string | null
  readonly taskId: string | null
  readonly resource: string | null
  /** Epoch milliseconds, from this one on. */
  readonly fromAt: number | null
  /** Epoch milliseconds, before this one. */
  readonly untilAt: number | null
}

/** Legal hold: nothing that it covers is deleted or erased while it stands. */
export interface LegalHold extends HoldScope {
  readonly id: Id<'legal_hold'>
  readonly matter: string
  readonly setBy: string
  readonly setAt: number
  readonly liftedBy: string | null
  readonly liftedAt: number | null
}

/** Holds that stand, and the number of changes of holds that there have been when they were read. */
export interface Holds {
  readonly version: number
  readonly standing: readonly HoldOnTree[]
}

/** A hold, and all tasks of the tree that it names. */
export interface HoldOnTree extends LegalHold {
  readonly tree: readonly string[]
}

export function isHeld({ standing }: Holds, subjects: readonly SubjectMatter[]): boolean {
  return standing.some((hold) => subjects.some((subject) => covers(hold, subject)))
}

function covers(hold: HoldOnTree, subject: SubjectMatter): boolean {
  const { agentId, fromAt, personId, resource, tree, untilAt } = hold
  return (
    (personId === null || subject.people.includes(personId)) &&
    (agentId === null || subject.agents.includes(agentId)) &&
    (hold.taskId === null || subject.tasks.some((task) => task != null && tree.includes(task))) &&
    (resource === null || subject.resources === 'any' || subject.resources.includes(resource)) &&
    (fromAt === null || subject.at >= fromAt) &&
    (untilAt === null || subject.at < untilAt)
  )
}
