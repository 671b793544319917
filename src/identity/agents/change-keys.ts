import { Problem } from '../../platform/lib/problem.ts'
import type { AgentKey } from './agent.ts'
import { readAgentKey } from './agent-key.ts'
import { insertKey, revokeKeyRow } from './agent-key-store.ts'
import { changeAgent } from './change-agent.ts'
import type { AgentParts } from './parts.ts'
import { keyTaken } from './register.ts'

/**
 * Adds a public key (JWK). Throws `agent.unknown`, `agent.final`, `agent_key.unacceptable`, `agent_key.taken`: a key
 * belongs to one agent only, and a revoked one to none.
 */
export async function addKey(
  parts: AgentParts,
  { agentId, jwk, by }: { agentId: string; jwk: unknown; by: string },
): Promise<AgentKey> {
  const key: AgentKey = { ...readAgentKey(jwk), agentId, createdAt: parts.clock.now() }
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx) => {
      if (!(await insertKey(tx, key))) throw keyTaken()
      return { type: 'agent.key_added', thumbprint: key.thumbprint }
    },
  })
  return key
}

/** Ends a key: nothing more can be opened with it. Throws `agent.unknown`, `agent.final`, `agent_key.unknown`. */
export async function revokeKey(
  parts: AgentParts,
  { agentId, thumbprint, by }: { agentId: string; thumbprint: string; by: string },
): Promise<void> {
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx) => {
      if (!(await revokeKeyRow(tx, agentId, thumbprint, parts.clock.now())))
        throw new Problem('agent_key.unknown', `\`${agentId}\` has no such key in use`)
      return { type: 'agent.key_revoked', thumbprint }
    },
  })
}
