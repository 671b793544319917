import { findPerson } from '../../people/index.ts'
import type { Reader, Tx } from '../../storage/index.ts'
import type { Agent } from '../agent.ts'
import { findAgent, insertAgent } from '../agent-store.ts'
import type { AgentParts } from '../parts.ts'
import type { AdmissionRule, SelfRegistered } from './admission-rule.ts'
import { listAdmissionRules } from './admission-store.ts'
import { ruleFor } from './match-rule.ts'

/** Of an agent that nobody let in: `Agent.admission`. */
export const NO_RULE = ''

/** What a client is, or would be once a person brings it. `agent` exists when `known`. */
export interface Admission {
  readonly agent: Agent
  readonly known: boolean
}

type AdmittingParts = Pick<AgentParts, 'ledger' | 'clock' | 'live'>

/**
 * The agent that a client is, or would become now if this person brought it. Changes nothing.
 * An agent that exists stays what administrators made of it, whatever rules say by now.
 */
export async function admissionOf(
  db: Reader,
  client: SelfRegistered,
  by: { readonly personId: string; readonly now: number },
): Promise<Admission> {
  const agent = await findAgent(db, client.clientId)
  if (agent) return { agent, known: true }
  return { agent: newcomer(client, await ruleOf(db, client), by), known: false }
}

/** Whether somebody who answers for that let it in, by name or by a rule that it matches. */
export async function isLetIn(
  db: Reader,
  client: Pick<SelfRegistered, 'clientId' | 'redirectUris'>,
): Promise<boolean> {
  const agent = await findAgent(db, client.clientId)
  const { trust } = agent ?? (await ruleOf(db, client)) ?? { trust: 0 }
  return trust > 0
}

async function ruleOf(
  db: Reader,
  { redirectUris }: Pick<SelfRegistered, 'redirectUris'>,
): Promise<AdmissionRule | undefined> {
  const rule = ruleFor(await listAdmissionRules(db), redirectUris)
  const owner = rule && (await findPerson(db, rule.ownerId))
  // A rule whose owner is gone lets nobody in: somebody who may act answers for every agent.
  return owner?.status === 'active' ? rule : undefined
}

/**
 * Makes the client an agent as part of the transaction in which a person brought it: under the first rule it matches, else
 * quarantined and owned by that person. Answers the agent as it is; a second time nothing happens.
 */
export async function admitAgentIn(
  parts: AdmittingParts,
  tx: Tx,
  client: SelfRegistered,
  personId: string,
): Promise<Agent> {
  const by = { personId, now: parts.clock.now() }
  const { agent, known } = await admissionOf(tx, client, by)
  if (known) return agent
  if (!(await insertAgent(tx, agent)))
    throw new Error('an agent appeared inside the transaction that looked for it')
  await parts.live.begin(tx, { kind: 'agent', id: agent.id })
  await parts.ledger.append(tx, {
    type: 'agent.admitted',
    agent: agent.id,
    by: personId,
    outcome: agent.admission === NO_RULE ? 'quarantined' : 'admitted',
    facts: {
      rule: agent.admission === NO_RULE ? undefined : (agent.admission ?? undefined),
      owner: agent.ownerId,
      trust: agent.trust,
      ceiling: agent.ceiling,
      may_delegate: agent.mayDelegate,
      redirect_uris: client.redirectUris,
    },
    private: { name: client.clientName },
  })
  return agent
}

function newcomer(
  { clientId, clientName }: SelfRegistered,
  rule: AdmissionRule | undefined,
  { personId, now }: { personId: string; now: number },
): Agent {
  return {
    id: clientId,
    name: markedName(clientName, clientId),
    description: '',
    ownerId: rule?.ownerId ?? personId,
    trust: rule?.trust ?? 0,
    ceiling: rule?.ceiling ?? [],
    mayDelegate: rule?.mayDelegate ?? null,
    status: 'active',
    createdAt: now,
    admission: rule?.name ?? NO_RULE,
    notifyAt: null,
    issuer: null,
    clients: [],
  }
}

/**
 * What a client calls itself is its own word, and could be anyone's. INVARIANT: so it is marked wherever the agent is named,
 * and no two agents have the same name, whoever registers first.
 */
function markedName(clientName: string, clientId: string): string {
  return `${clientName} (self-registered ${clientId.slice(-12)})`
}
