import type { Detail } from '../agents/agent.ts'
import { text, type Value } from '../terminal/text.ts'

/** A limit of a task and everything below it together, and what is used of it. */
export interface LimitUse {
  readonly kind: 'calls' | 'sum'
  readonly most: string
  readonly used: string
  readonly action?: string
  readonly path?: string
}

/** A task as the management API shows it. */
export interface Task {
  readonly id: string
  readonly state: string
  readonly purpose: string
  readonly person: string
  readonly agent: string
  readonly parent: string | null
  readonly sponsored: boolean
  readonly sponsor_grant: string | null
  readonly details: readonly Detail[]
  readonly may_delegate: readonly Detail[]
  readonly budget: readonly LimitUse[]
  readonly opened_at: string
  readonly deadline: string
  readonly closed_at: string | null
  readonly close_reason: string | null
}

/** `3 of 20 calls used`. */
export function limitLine({ action, kind, most, path, used }: LimitUse): Value {
  if (kind === 'calls') return `${used} of ${most} calls used`
  return text`${used} of ${most} used, adding up ${path?.slice(1) ?? ''} of ${action ?? ''}`
}
