import type { Tx } from '../../platform/storage/index.ts'
import { type Agent, isOverdue, type SelfSuspension } from './agent.ts'
import { type DuePosition, listDue, updateAgent } from './agent-store.ts'
import { changeAgent } from './change-agent.ts'
import type { AgentParts } from './parts.ts'

const AT_ONCE = 100

/**
 * Suspends an agent where no person does it. `still` is asked within the transaction: what changed since it was found counts.
 * Answers whether it was suspended.
 */
export function suspendByItself(
  parts: AgentParts,
  agentId: string,
  why: SelfSuspension,
  still: (tx: Tx, agent: Agent) => boolean | Promise<boolean>,
): Promise<boolean> {
  return changeAgent(parts, {
    agentId,
    by: 'system',
    state: 'suspended',
    applies: async (tx, agent) => agent.status === 'active' && (await still(tx, agent)),
    write: async (tx) => {
      await updateAgent(tx, agentId, { status: 'suspended', suspendedFor: why })
      return { type: 'agent.suspended', reason: `agent.${why}` }
    },
  })
}

/** Suspends the agents whose owners let the date pass, or one of them. Answers how many there were. */
export async function suspendUncertified(parts: AgentParts, only?: string): Promise<number> {
  if (only !== undefined) return (await suspendIfUncertified(parts, only)) ? 1 : 0
  const now = parts.clock.now()
  let suspended = 0
  for (let after: DuePosition | undefined; ; ) {
    const page = await listDue(parts.storage.read, { by: now, after, limit: AT_ONCE })
    for (const { id } of page) if (await suspendIfUncertified(parts, id)) suspended += 1
    after = page.at(-1)
    if (!after || page.length < AT_ONCE) return suspended
  }
}

function suspendIfUncertified(parts: AgentParts, agentId: string): Promise<boolean> {
  const now = parts.clock.now()
  return suspendByItself(parts, agentId, 'uncertified', (_, agent) => isOverdue(agent, now))
}
