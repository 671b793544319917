import { Problem } from '../../platform/lib/problem.ts'
import type { Change } from '../../platform/revocation/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { type Agent, type AgentStatus, isOverdue } from './agent.ts'
import { updateAgent } from './agent-store.ts'
import { type AgentChange, changeAgent, changeAgentWithin } from './change-agent.ts'
import type { AgentParts } from './parts.ts'

/** Id of the agent, who changes it (a person or `operator`), and in a sentence why. */
export interface StatusChange {
  readonly agentId: string
  readonly by: string
  readonly reason: string
}

/** Stops the agent: nothing happens under any of its tasks until it is resumed. Throws `agent.unknown`, `agent.final`. */
export const suspendAgent = changeTo('suspended')

/**
 * Lets it go on; resource tokens from before stay dead. Throws `agent.unknown`, `agent.final`, `agent.uncertified`: its owner
 * has to stand by it first.
 */
export const resumeAgent = changeTo('active')

/** Ends the agent for good; its tasks close. Retiring twice is no error. Throws `agent.unknown`. */
export const retireAgent = changeTo('retired')

const ACTS = {
  active: { type: 'agent.resumed', state: 'active' },
  suspended: { type: 'agent.suspended', state: 'suspended' },
  retired: { type: 'agent.retired', state: 'ended' },
} as const satisfies Record<AgentStatus, object>

function changeTo(status: AgentStatus) {
  return async (parts: AgentParts, change: StatusChange): Promise<void> => {
    await changeAgent(parts, statusChange(parts, status, change))
  }
}

/**
 * Suspends the agent as part of another act, unless it is retired; who calls it settles the change.
 */
export function suspendAgentWithin(
  parts: AgentParts,
  tx: Tx,
  change: StatusChange,
): Promise<Change | undefined> {
  const applies = (_tx: Tx, agent: Agent) => agent.status !== 'retired'
  return changeAgentWithin(parts, tx, { ...statusChange(parts, 'suspended', change), applies })
}

function statusChange(
  parts: AgentParts,
  status: AgentStatus,
  { agentId, by, reason }: StatusChange,
): AgentChange {
  const { type, state } = ACTS[status]
  const now = parts.clock.now()
  const writeStatus = async (tx: Tx, agent: Agent) => {
    if (status === 'active' && isOverdue(agent, now))
      throw new Problem('agent.uncertified', `the owner of \`${agentId}\` has to recertify it`)
    // INVARIANT: an agent that stopped by itself and that a person then stops is stopped by that person: no owner wakes it.
    if (agent.status === status && agent.suspendedFor === null) return undefined
    const resumed = status === 'active' ? { resumedAt: now } : {}
    await updateAgent(tx, agentId, { status, suspendedFor: null, ...resumed })
    return { type, private: { reason } }
  }
  return { agentId, by, state, write: writeStatus }
}
