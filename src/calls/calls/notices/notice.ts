import type { Id } from '../../../platform/lib/id.ts'

/** Notice of a permitted call, for the people whom a rule names (`@notify`). */
export interface Notice {
  readonly id: Id<'notice'>
  /** `group:…` or `person:…`; who is in a group is found out when it is read. */
  readonly recipient: string
  readonly decisionId: string
  /** The obligation, by the permit that says so. */
  readonly obligation: string
  readonly taskId: string
  readonly personId: string
  readonly agentId: string
  readonly action: string
  /** Rendered by Remit from typed arguments, as for those who approve. */
  readonly text: string
  readonly at: number
}
