import type { CallParts } from '../../calls/calls/index.ts'
import { type Agent, findAgent } from '../../identity/agents/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { EverAnswer } from '../../policy/policy/index.ts'
import { agentEntities, everOf } from './ever-of.ts'
import { actingFor, names, type PermittedAgent, withinWords } from './who-can.ts'

export interface PermittedAction {
  readonly action: string
  readonly resource: string
  readonly risk: string
  readonly within: PermittedAgent['within']
  readonly said: EverAnswer
  readonly for: PermittedAgent['for']
}

export interface AgentReach {
  readonly policyVersion: number
  readonly agent: Agent
  /** Every action of its ceiling that is in the catalog; those that policies never permit, too, and why. */
  readonly actions: readonly PermittedAction[]
}

/**
 * Answers what an agent can ever do under its current ceiling, the current policies, and what
 * people let it do now. Every call beyond these actions is denied.
 * @throws Problem `agent.unknown`
 */
export async function whatCan(
  parts: Pick<CallParts, 'storage' | 'catalog' | 'policies' | 'clock'>,
  agentId: string,
): Promise<AgentReach> {
  const agent = await findAgent(parts.storage.read, agentId)
  if (!agent) throw new Problem('agent.unknown', `there is no agent \`${agentId}\``)
  const catalog = await parts.catalog.current()
  const { set, version } = await everOf(parts)
  const actions: PermittedAction[] = []
  for (const action of catalog.actions.values()) {
    const resource = catalog.resources.get(action.resource)
    if (!resource) continue
    const isMeant = (detail: (typeof agent.ceiling)[number]) =>
      names(detail, resource.identifier, action.name)
    const within = agent.ceiling.filter(isMeant)
    if (within.length === 0) continue
    const around = await agentEntities(parts, agent, resource.name)
    const of = { action: action.name, resource: resource.name }
    const said = set.ask(around[0], of, around)
    actions.push({
      action: action.name,
      resource: resource.name,
      risk: action.risk,
      within: withinWords(within, action.name),
      said,
      for: said.possible ? await actingFor(parts, agentId, isMeant) : [],
    })
  }
  return { policyVersion: version, agent, actions }
}
