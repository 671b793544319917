import { shownName } from '../../../catalog/catalog/index.ts'
import { findAgent } from '../../../identity/agents/index.ts'
import { isId } from '../../../platform/lib/id.ts'
import { findDecision, type StoredDecision } from '../../../tasks/decision-log/index.ts'
import { explain, type OperatorExplanation } from '../../../tasks/explanations/index.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import { notFound, type PageRouter, type Visit } from '../visit.ts'
import { type DecisionView, decisionPage, type GateView } from './decision-page.ts'
import type { DecisionItem } from './decision-words.ts'

export function addDecisions(
  desk: PageRouter,
  parts: Pick<PageParts, 'decisions' | 'people'>,
): void {
  desk.get('/decisions/:id', async (visit) => decisionPage(await viewOf(parts, visit)))
}

export async function decisionItems(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  decisions: readonly StoredDecision[],
): Promise<DecisionItem[]> {
  const names = new Names(parts)
  const { actions } = await parts.decisions.catalog.current()
  const actionTitleOf = (name: string) => shownName(actions.get(name) ?? { name })
  return Promise.all(
    decisions.map(async (decision) => ({
      ...decision,
      action: decision.action === null ? null : actionTitleOf(decision.action),
      agent: decision.agentId === null ? null : await names.agent(decision.agentId),
    })),
  )
}

/** Administrators see everything; the represented person and the agent's owner the parts fit for them. */
async function requireVisible(
  parts: Pick<PageParts, 'decisions'>,
  { visitor, id }: Visit,
): Promise<{ decision: StoredDecision; operator: boolean }> {
  const { read } = parts.decisions.storage
  const decision = await findDecision(read, id)
  if (!decision) throw notFound()
  if (visitor.administrator) return { decision, operator: true }
  if (decision.personId === visitor.person.id) return { decision, operator: false }
  const agent = decision.agentId === null ? undefined : await findAgent(read, decision.agentId)
  if (agent?.ownerId !== visitor.person.id) throw notFound()
  return { decision, operator: false }
}

type ToldGate =
  | Awaited<ReturnType<typeof explain>>['gates'][number]
  | OperatorExplanation['gates'][number]

/** Names whom a gate looked at; policies are there for operators only. */
async function gateOf(gate: ToldGate, names: Names): Promise<GateView> {
  if (!('policies' in gate)) return { ...gate, policies: [], nearest: [] }
  const { subject } = gate
  if (subject === undefined) return gate
  const named = isId('person', subject) ? names.person(subject) : names.agent(subject)
  return { ...gate, subject: await named }
}

async function viewOf(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  visit: Visit,
): Promise<DecisionView> {
  const { decision, operator } = await requireVisible(parts, visit)
  const told = await explain(parts.decisions, decision.id, operator ? 'operator' : 'person')
  const names = new Names(parts)
  const [item] = await decisionItems(parts, [decision])
  if (!item) throw notFound()
  return {
    now: visit.now,
    viewer: visit.visitor.viewer,
    item,
    detail: told.detail ?? '',
    enough: told.enough,
    hints: told.hints,
    person: decision.personId === null ? null : await names.person(decision.personId),
    resource: decision.resource,
    taskId: decision.taskId,
    requestId:
      operator || decision.personId === visit.visitor.person.id ? decision.requestId : null,
    allowanceId: decision.allowanceId,
    policyVersion: operator ? decision.policyVersion : null,
    callHash: decision.callHash,
    endedAt: decision.endedAt,
    presumedAt: decision.presumedAt,
    settlements: told.settlements,
    risk: told.risk,
    gates: await Promise.all(told.gates.map((gate) => gateOf(gate, names))),
    operator,
  }
}
