import { findAgent } from '../../identity/agents/index.ts'
import { idleAgents } from '../../tasks/tasks/index.ts'
import type { GrantParts } from './parts.ts'

const AT_ONCE = 500

/**
 * Suspends agents that had no task for too long. Waking one is an administrator's act, and restarts its days. Answers how many
 * there were.
 */
export async function suspendDormant(parts: GrantParts): Promise<number> {
  const { dormancy } = parts
  const before = dormancy?.before(parts.clock.now())
  if (!dormancy || before === undefined) return 0
  let suspended = 0
  for (let after: string | undefined = ''; after !== undefined; ) {
    const { ids, next } = await idleAgents(parts.storage.read, { before, after, looks: AT_ONCE })
    for (const id of ids) {
      const agent = await findAgent(parts.storage.read, id)
      if (agent && (await dormancy.suspends(parts, agent))) suspended += 1
    }
    after = next
  }
  return suspended
}
