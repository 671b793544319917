import type { Detail } from '../agents/agent.ts'
import type { LimitJson } from '../limits/limit.ts'

/** A task as the management API shows it. */
export interface TaskJson {
  readonly id: string
  readonly state: string
  readonly purpose: string
  readonly person: string
  readonly agent: string
  /** Who acted elsewhere before, the latest first. */
  readonly actors: readonly { readonly iss: string; readonly sub: string }[]
  readonly parent: string | null
  readonly sponsored: boolean
  readonly sponsor_grant: string | null
  readonly details: readonly Detail[]
  readonly may_delegate: readonly Detail[]
  /** Of it and everything below it together, and what is used of each. */
  readonly budget: readonly LimitJson[]
  readonly opened_at: string
  readonly deadline: string
  readonly closed_at: string | null
  readonly close_reason: string | null
}
