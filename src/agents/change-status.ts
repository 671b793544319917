import type { Agent, AgentStatus } from './agent.ts'
import { updateAgent } from './agent-store.ts'
import { changeAgent } from './change-agent.ts'
import type { AgentParts } from './parts.ts'

/** Which agent, by whom (a person or `operator`), and in a sentence why. */
export interface StatusChange {
  readonly agentId: string
  readonly by: string
  readonly reason: string
}

/** Stops the agent: nothing happens under any of its tasks until it is resumed. Throws `agent.unknown`, `agent.final`. */
export function suspendAgent(parts: AgentParts, change: StatusChange): Promise<void> {
  return changeStatus(parts, change, 'suspended')
}

/** Lets it go on; resource tokens from before stay dead. Throws `agent.unknown`, `agent.final`. */
export function resumeAgent(parts: AgentParts, change: StatusChange): Promise<void> {
  return changeStatus(parts, change, 'active')
}

/** Ends the agent for good; its tasks close. Retiring twice is no error. Throws `agent.unknown`. */
export function retireAgent(parts: AgentParts, change: StatusChange): Promise<void> {
  return changeStatus(parts, change, 'retired')
}

const ACTS = {
  active: { type: 'agent.resumed', state: 'active' },
  suspended: { type: 'agent.suspended', state: 'suspended' },
  retired: { type: 'agent.retired', state: 'ended' },
} as const satisfies Record<AgentStatus, object>

function changeStatus(
  parts: AgentParts,
  { agentId, by, reason }: StatusChange,
  status: AgentStatus,
): Promise<void> {
  const { type, state } = ACTS[status]
  return changeAgent(parts, {
    agentId,
    by,
    state,
    write: async (tx, agent: Agent) => {
      if (agent.status === status) return undefined
      await updateAgent(tx, agentId, { status })
      return { type, private: { reason } }
    },
  })
}
