import type { LedgerEvent } from '../../platform/ledger/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Change, LiveState } from '../../platform/revocation/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import type { Agent } from './agent.ts'
import { findAgent } from './agent-store.ts'
import type { AgentParts } from './parts.ts'

/**
 * Change that one act makes to an agent, within the transaction: its rows, and what the ledger says
 * about it.
 */
export interface AgentChange {
  readonly agentId: string
  readonly by: string
  /** The state that liveness gets; without it only the epoch is raised. */
  readonly state?: LiveState['state'] | ((agent: Agent) => LiveState['state'] | undefined)
  /** Condition of the change: where it says no, nothing happens at all. */
  readonly applies?: (tx: Tx, agent: Agent) => boolean | Promise<boolean>
  readonly write: (tx: Tx, agent: Agent) => Promise<Omit<LedgerEvent, 'agent' | 'by'> | undefined>
}

/**
 * The one way to change an agent: rows, ledger record and epoch change together, and when it has returned no replica
 * decides by the older state. The epoch is raised also where nothing was left to change: a second call must not return
 * before the first one's effect is everywhere. Throws `agent.unknown`, `agent.final`, and what `write` throws.
 * Answers whether it applied.
 */
export async function changeAgent(parts: AgentParts, change: AgentChange): Promise<boolean> {
  const raised = await parts.storage.lanes.revocation.transaction((tx) =>
    changeAgentWithin(parts, tx, change),
  )
  if (!raised) return false
  await parts.live.settle(raised)
  return true
}

/** Changes an agent within a transaction; who calls it settles the change. `undefined`: it did not apply. */
export async function changeAgentWithin(
  parts: AgentParts,
  tx: Tx,
  change: AgentChange,
): Promise<Change | undefined> {
  const { agentId, by } = change
  const agent = await findAgent(tx, agentId)
  if (!agent) throw new Problem('agent.unknown', `there is no agent \`${agentId}\``)
  if (change.applies && !(await change.applies(tx, agent))) return undefined
  const state = typeof change.state === 'function' ? change.state(agent) : change.state
  if (agent.status === 'retired' && state !== 'ended')
    throw new Problem('agent.final', `\`${agentId}\` is retired, and that is final`)
  const event = await change.write(tx, agent)
  if (event) await parts.ledger.append(tx, { ...event, agent: agentId, by })
  return parts.live.raise(tx, [{ kind: 'agent', id: agentId, ...(state && { state }) }])
}
