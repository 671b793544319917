import { type Agent, type AgentParts, suspendByItself } from '../../identity/agents/index.ts'
import { LruCache } from '../../platform/lib/lru-cache.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { listTasks } from '../../tasks/tasks/index.ts'
import { type GrantRefusal, refused } from '../issuance/index.ts'

/** No task lasts longer than a day. INVARIANT: no agent is dormant before all that it ever got is over. */
const MIN_DAYS = 2
const MAX_KEPT = 20_000

export const DORMANT: GrantRefusal = refused(
  'agent.suspended',
  'the agent was suspended because it was unused; an administrator can resume it',
)

/**
 * Finds agents that had no task for too long: an unused key is not watched over.
 * It is asked at each opening, so that it does not depend on the last sweep.
 */
export class Dormancy {
  readonly #days: number
  /** Until when an agent is awake for sure, by the task that it last opened. */
  readonly #awake = new LruCache<number>(MAX_KEPT)

  /** 0: no agent is ever dormant. */
  constructor(days: number) {
    this.#days = days
  }

  /** Time since when an agent had a task, or it sleeps; `undefined`: none does. */
  before(now: number): number | undefined {
    return this.#days === 0 ? undefined : now - this.#span()
  }

  /** Suspends the agent if it sleeps. Answers whether it does. */
  async suspends(parts: AgentParts, agent: Agent): Promise<boolean> {
    const before = this.before(parts.clock.now())
    if (before === undefined || (this.#awake.get(agent.id, '') ?? 0) > before) return false
    if (!(await this.#isDormant(parts.storage.read, agent, before))) return false
    await suspendByItself(parts, agent.id, 'dormant', (tx, now) => this.#isDormant(tx, now, before))
    return true
  }

  async #isDormant(reader: Reader, agent: Agent, before: number): Promise<boolean> {
    if (Math.max(agent.createdAt, agent.resumedAt ?? 0) >= before) return false
    const [last] = await listTasks(reader, { agentId: agent.id, limit: 1 })
    if (!last) return true
    // The time when it was over, not when a sweep wrote that down.
    if (Math.min(last.closedAt ?? last.deadline, last.deadline) < before) return true
    this.#awake.put(agent.id, '', last.openedAt)
    return false
  }

  #span(): number {
    return Math.max(this.#days, MIN_DAYS) * DAY
  }
}
