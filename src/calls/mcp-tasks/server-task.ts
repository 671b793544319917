import { ExactNumber, type Json, type JsonObject } from '../../platform/lib/json.ts'
import { DAY } from '../../platform/lib/time-units.ts'

/** Maximum tasks of servers that are open in one task of Remit. */
export const MAX_OPEN_TASKS = 16
/** Maximum time that a task of a server is followed, in milliseconds. */
export const MAX_LIFE_MS = DAY

/** A permitted call that its server goes on with as a task. */
export interface ServerTask {
  /** Id towards the client. It grants nothing: a client that shows it is checked like the sender of a call. */
  readonly id: string
  readonly decisionId: string
  /** Task of Remit. INVARIANT: to every other one it is unknown. */
  readonly taskId: string
  readonly resource: string
  /** `ended`: the outcome of the call is recorded. `cancelled`: likewise, and there is no answer. */
  readonly state: 'open' | 'ended' | 'cancelled'
  /** Id towards the server. INVARIANT: only that server is told it. */
  readonly serverTask: string
  /** Address that the call was sent to. */
  readonly upstream: string
  /** Parameters of the call, as they were decided on. */
  readonly params: JsonObject
  readonly createdAt: number
  readonly expiresAt: number
}

/**
 * Computes when a task is not followed any more, in epoch milliseconds: as its server says
 * (`ttlMs`, counted from its creation), and never past the task of Remit or a day.
 */
export function taskEndOfLife(ttl: Json | undefined, createdAt: number, deadline: number): number {
  const said = ttl instanceof ExactNumber ? Number(ttl.text) : Number.NaN
  const lives = said >= 0 ? Math.min(Math.floor(said), MAX_LIFE_MS) : MAX_LIFE_MS
  return Math.min(createdAt + lives, deadline)
}
