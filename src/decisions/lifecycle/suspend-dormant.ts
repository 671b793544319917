import { type Agent, findAgent, suspendByItself } from '../../agents/index.ts'
import type { Reader } from '../../storage/index.ts'
import { idleAgents, listTasks } from '../../tasks/index.ts'
import type { DecisionParts } from '../parts.ts'

const AT_ONCE = 100
const DAY_MS = 24 * 3_600_000

/**
 * Suspends agents that had no task for so many days (0: never): a key that nobody misses is one that nobody watches. Waking one
 * is an administrator's act, and begins its days anew. Answers how many there were.
 * INVARIANT: never before everything that it ever got is over: no task lasts longer than a day.
 */
export async function suspendDormant(
  parts: DecisionParts,
  { dormantDays }: { readonly dormantDays: number },
): Promise<number> {
  if (dormantDays === 0) return 0
  const before = parts.clock.now() - Math.max(dormantDays, 2) * DAY_MS
  let suspended = 0
  for (let after = ''; ; ) {
    const page = await idleAgents(parts.storage.read, { before, after, limit: AT_ONCE })
    for (const id of page) suspended += await suspendIfDormant(parts, id, before)
    const last = page.at(-1)
    if (!last || page.length < AT_ONCE) return suspended
    after = last
  }
}

async function suspendIfDormant(parts: DecisionParts, id: string, before: number): Promise<number> {
  const agent = await findAgent(parts.storage.read, id)
  if (!agent || !(await isDormant(parts.storage.read, agent, before))) return 0
  const done = await suspendByItself(parts, agent.id, 'dormant', (tx, now) =>
    isDormant(tx, now, before),
  )
  return done ? 1 : 0
}

async function isDormant(reader: Reader, agent: Agent, before: number): Promise<boolean> {
  if (Math.max(agent.createdAt, agent.resumedAt ?? 0) >= before) return false
  const tasks = await listTasks(reader, { agentId: agent.id, limit: 1 })
  // When it was over, not when somebody wrote that down.
  return tasks.every(({ closedAt, deadline }) => Math.min(closedAt ?? deadline, deadline) < before)
}
