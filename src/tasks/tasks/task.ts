import type { Detail } from '@remit/engine'
import type { ApprovalParts } from '../../approvals/access-requests/index.ts'
import type { ForeignActor } from '../../identity/tokens/index.ts'
import type { Id } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { isReadableLine } from '../../platform/lib/text/hidden.ts'
import { DAY, HOUR } from '../../platform/lib/time-units.ts'
import type { Live } from '../../platform/revocation/index.ts'
import type { Limit } from '../budgets/index.ts'

/**
 * Row of a task: it has the acts on this task itself. Whether anything may happen under it is live state, which also knows
 * of the tasks above: under a suspended parent an open child stands still.
 */
export type TaskState = 'open' | 'suspended' | 'closed'

/**
 * The unit of delegated work; OAuth sees it as the ephemeral client. Everything but `state`, `closedAt` and
 * `closeReason` is fixed when it opens and may be kept for ever. Times are epoch milliseconds.
 */
export interface Task {
  readonly id: Id<'task'>
  /** The task at the top of its tree; its own id when that is this one. */
  readonly rootId: Id<'task'>
  readonly parentId: Id<'task'> | null
  readonly personId: Id<'person'>
  readonly agentId: string
  readonly purpose: string
  /** Details that were granted, normalised. */
  readonly details: readonly Detail[]
  readonly mayDelegate: readonly Detail[]
  /** The delegation bases it stands on; when one of them ends, it closes. */
  readonly bases: readonly Id<'basis'>[]
  readonly spaceId: string | null
  /** The conversation that it is for, where its surface states one. Passed on to children. */
  readonly threadId: Id<'thread'> | null
  /**
   * Time when the person last proved who they are, and how (`acr`), as what the task began with
   * says.
   */
  readonly authTime: number | null
  readonly acr: string | null
  /** RFC 7638 thumbprint of the task key; `null` for a client that cannot prove possession (contract 4). */
  readonly keyThumbprint: string | null
  /** Token exchange, sponsor grant, authorization code, ticket of its parent, a foreign access token, or an identity assertion (contract 5). */
  readonly openedBy: OpeningKind
  /** True when no person is present: `personId` is the sponsor. Passed on to children. */
  readonly sponsored: boolean
  readonly sponsorGrantId: Id<'sponsor_grant'> | null
  /** Names of the trusted issuers that it rests on: who vouched for its agents or its person. Passed on to children. */
  readonly issuers: readonly string[]
  /**
   * Agents that acted elsewhere before all of our agents, the latest first: by the word of those
   * issuers. Passed on to children.
   */
  readonly actors: readonly ForeignActor[]
  /** Limits of this task and everything below it together. */
  readonly budget: readonly Limit[]
  /** Milliseconds without use after which it ends by itself; `null`: it does not. */
  readonly idleMs: number | null
  readonly state: TaskState
  readonly openedAt: number
  readonly deadline: number
  readonly closedAt: number | null
  /** A code: `person`, `agent`, `deadline`, `basis.ended`, `agent.ended` … */
  readonly closeReason: string | null
}

export type OpeningKind = 'exchange' | 'sponsor' | 'code' | 'child' | 'token' | 'assertion'

/** A task and the agents that stand behind it, the one that acts first. Fixed when it opens. */
export interface TaskLineage {
  readonly task: Task
  readonly chain: readonly string[]
  /** The tasks above, nearest first. */
  readonly above: readonly Task[]
  /** Its space and those above it, nearest first; none for a task in no space. */
  readonly spaces: readonly string[]
}

/** Parts that tasks are opened, kept and closed with. */
export interface TaskParts extends ApprovalParts {
  readonly live: Pick<
    Live,
    'begin' | 'beginStep' | 'clockProblem' | 'raise' | 'settle' | 'view' | 'onChange'
  >
}

/** Time that a task lasts when nothing else is asked for, and at most. */
export const TASK_LIFE = { default: HOUR, most: DAY } as const
export const MAX_PURPOSE = 200

/**
 * A purpose as it was sent, or a refusal: 1 to 200 characters of one line, without characters that people cannot see.
 * @throws Problem `task.bad_purpose`
 */
export function checkPurpose(text: string): string {
  const length = [...text].length
  if (text.trim() !== text || length > MAX_PURPOSE || !isReadableLine(text))
    throw new Problem(
      'task.bad_purpose',
      `a purpose is 1 to ${MAX_PURPOSE} visible characters on one line`,
    )
  return text
}
