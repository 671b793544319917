import type { ApprovalParts } from '../approvals/index.ts'
import type { Live } from '../revocation/index.ts'

/** What this room works with. Every act takes it first. */
export interface TaskParts extends ApprovalParts {
  readonly live: Pick<
    Live,
    'begin' | 'beginStep' | 'clockProblem' | 'raise' | 'settle' | 'view' | 'onChange'
  >
}
