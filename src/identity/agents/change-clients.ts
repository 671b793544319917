import type { AgentClient } from './agent.ts'
import { deleteClient, insertAgentClient } from './agent-store.ts'
import { changeAgent } from './change-agent.ts'
import type { AgentParts } from './parts.ts'
import { clientTaken } from './register.ts'

interface ClientChange extends AgentClient {
  readonly agentId: string
  readonly by: string
}

/**
 * Says that a client at an identity provider is this agent's: people who sign in there introduce themselves to the
 * agent. Throws `agent.unknown`, `agent.final`, `agent_client.taken`.
 */
export async function linkClient(parts: AgentParts, change: ClientChange): Promise<void> {
  const { agentId, issuer, clientId, by } = change
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx) => {
      if (!(await insertAgentClient(tx, agentId, { issuer, clientId })))
        throw clientTaken({ issuer, clientId })
      return { type: 'agent.client_linked', facts: { issuer, client_id: clientId } }
    },
  })
}

/** Takes it back. Throws `agent.unknown`, `agent.final`. */
export async function unlinkClient(parts: AgentParts, change: ClientChange): Promise<void> {
  const { agentId, issuer, clientId, by } = change
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx) => {
      await deleteClient(tx, agentId, { issuer, clientId })
      return { type: 'agent.client_unlinked', facts: { issuer, client_id: clientId } }
    },
  })
}
