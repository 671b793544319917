import type { Task } from './task.ts'

/** A task and the agents that stand behind it, the one that acts first. Fixed when it opens. */
export interface TaskLineage {
  readonly task: Task
  readonly chain: readonly string[]
  /** The tasks above, nearest first. */
  readonly above: readonly Task[]
  /** Its space and those above it, nearest first; none for a task in no space. */
  readonly spaces: readonly string[]
}
