import { updateAgent } from './agent-store.ts'
import { changeAgent } from './change-agent.ts'
import { readCeiling, readMayDelegate, readTrust } from './limits.ts'
import type { AgentParts } from './parts.ts'
import { requireOwner } from './register.ts'

/**
 * Sets the most an agent may be given, and with `mayDelegate` the most it may hand out (`null`: whatever it holds).
 * Throws `agent.unknown`, `agent.final`, `agent.bad_ceiling`.
 */
export async function setCeiling(
  parts: AgentParts,
  change: { agentId: string; ceiling: unknown; mayDelegate?: unknown; by: string },
): Promise<void> {
  const { agentId, by } = change
  const ceiling = readCeiling(change.ceiling)
  const mayDelegate =
    change.mayDelegate === undefined ? undefined : readMayDelegate(change.mayDelegate)
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx) => {
      await updateAgent(tx, agentId, {
        ceiling,
        ...(mayDelegate === undefined ? {} : { mayDelegate }),
      })
      const facts = { ceiling, ...(mayDelegate === undefined ? {} : { may_delegate: mayDelegate }) }
      return { type: 'agent.ceiling_set', facts }
    },
  })
}

/** Throws `agent.unknown`, `agent.final`, `agent.bad_trust`. */
export async function setTrust(
  parts: AgentParts,
  { agentId, trust, by }: { agentId: string; trust: unknown; by: string },
): Promise<void> {
  const level = readTrust(trust)
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx) => {
      await updateAgent(tx, agentId, { trust: level })
      return { type: 'agent.trust_set', facts: { trust: level } }
    },
  })
}

/**
 * Sets after how many minutes without use a task ends that a code opens from now on; 0: it does not.
 * Throws `agent.unknown`, `agent.final`.
 */
export async function setIdleMinutes(
  parts: AgentParts,
  { agentId, by, idleMinutes }: { agentId: string; idleMinutes: number; by: string },
): Promise<void> {
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx) => {
      await updateAgent(tx, agentId, { idleMinutes })
      return { type: 'agent.idle_set', facts: { idle_minutes: idleMinutes } }
    },
  })
}

/** Gives the agent to another owner. Throws `agent.unknown`, `agent.final`, `agent.bad_owner`. */
export async function setOwner(
  parts: AgentParts,
  { agentId, ownerId, by }: { agentId: string; ownerId: string; by: string },
): Promise<void> {
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx, agent) => {
      await requireOwner(tx, ownerId)
      await updateAgent(tx, agentId, { ownerId })
      return { type: 'agent.owner_set', facts: { owner: ownerId, former: agent.ownerId } }
    },
  })
}
