import { agentIdOf, clientHost, isClientUrl } from '../../../platform/lib/client-url.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Reader, Tx } from '../../../platform/storage/index.ts'
import {
  type Agent,
  type AgentParts,
  BEGINNING,
  findAgent,
  insertAgent,
} from '../../agents/index.ts'
import { findPerson } from '../../people/index.ts'
import { descriptionDigest, provingOf, softwareDigest } from '../description.ts'
import { agentsOfSoftware, findDescription, insertDescription } from '../description-store.ts'
import type { SelfRegisteredClient } from '../self-registered.ts'
import type { AdmissionRule } from './admission-rule.ts'
import { listAdmissionRules } from './admission-store.ts'
import { type MatchedClient, ruleFor } from './match-rule.ts'

/** Value of `Agent.admission` for an agent that is not admitted. */
export const NO_RULE = ''

/** Agent that a client is, or would be once a person brings it. `agent` exists when `known`. */
export interface AgentAdmission {
  readonly agent: Agent
  readonly known: boolean
}

type AdmittingParts = Pick<AgentParts, 'ledger' | 'clock' | 'live'>

/** Person who brings a client, when, and the agent that it was when a person last let it in. */
interface AdmittingPerson {
  readonly personId: string
  readonly now: number
  readonly wasAgent?: string | undefined
}

/**
 * The agent that a client is, or would become now if this person brought it. Changes nothing.
 * An agent that exists stays what administrators made of it, whatever rules say by now.
 */
export async function admissionOf(
  db: Reader,
  client: SelfRegisteredClient,
  by: AdmittingPerson,
): Promise<AgentAdmission> {
  const rule = await ruleOf(db, client)
  const known = (agent: Agent) => isInstance(agent, client, by.wasAgent, rule)
  const agent = (await agentsOfClient(db, client)).find(known)
  if (agent) return { agent, known: true }
  return { agent: newcomer(client, rule, by), known: false }
}

/**
 * Agent that a client is: its own, or that of its software, of which it is another instance. Programs that register at every run are
 * one agent so.
 */
export async function agentOfClient(
  db: Reader,
  client: SelfRegisteredClient,
): Promise<Agent | undefined> {
  return (await agentsOfClient(db, client))[0]
}

async function agentsOfClient(db: Reader, client: SelfRegisteredClient): Promise<readonly Agent[]> {
  const own = await findAgent(db, agentIdOf(client.clientId))
  const digest = softwareDigest(client)
  if (own) return [own]
  return digest === null ? [] : agentsOfSoftware(db, digest)
}

/**
 * Tells whether a client may be this agent: as itself, as the instance that a person let in before, or as a new one.
 * INVARIANT: new instances of software that a rule let in need that rule: who takes it away lets no more of them in.
 */
function isInstance(
  { admission, id }: Agent,
  { clientId }: SelfRegisteredClient,
  wasAgent: string | undefined,
  rule: AdmissionRule | undefined,
): boolean {
  if (id === agentIdOf(clientId) || id === wasAgent) return true
  return admission === null || admission === NO_RULE || admission === rule?.name
}

/** Tells whether it is admitted, by name or by a rule that it matches. */
export async function isLetIn(db: Reader, client: MatchedClient): Promise<boolean> {
  const agent = await findAgent(db, agentIdOf(client.clientId))
  const { trust } = agent ?? (await ruleOf(db, client)) ?? { trust: 0 }
  return trust > 0
}

async function ruleOf(db: Reader, client: MatchedClient): Promise<AdmissionRule | undefined> {
  const rule = ruleFor(await listAdmissionRules(db), client)
  const owner = rule && (await findPerson(db, rule.ownerId))
  // A rule whose owner is gone admits no client: an active person answers for every agent.
  return owner?.status === 'active' ? rule : undefined
}

/**
 * Makes the client an agent as part of the transaction in which a person brought it: under the first rule it matches, else
 * quarantined and owned by that person. Answers the agent as it is; a second time nothing happens.
 * @throws Problem `authorization.changed`: the agent describes itself in another way by now than it did when it was asked for
 */
export async function admitAgentIn(
  parts: AdmittingParts,
  tx: Tx,
  client: SelfRegisteredClient,
  personId: string,
  wasAgent?: string,
): Promise<Agent> {
  const by = { personId, now: parts.clock.now(), wasAgent }
  const { agent, known } = await admissionOf(tx, client, by)
  if (known) {
    await requireAsDescribed(tx, agent, client, by.now)
    return agent
  }
  await admitNewcomer(parts, tx, { agent, client, by: personId })
  return agent
}

/**
 * The agent of a client that has proved who it is with no person present, if a rule lets it in; it becomes one now if it was none.
 * `undefined`: no rule does.
 */
export function admitByRule(
  parts: AdmittingParts & Pick<AgentParts, 'storage'>,
  client: SelfRegisteredClient,
): Promise<Agent | undefined> {
  return parts.storage.transaction(async (tx) => {
    const rule = await ruleOf(tx, client)
    const by = { personId: rule?.ownerId ?? '', now: parts.clock.now() }
    const { agent, known } = await admissionOf(tx, client, by)
    if (known) return agent
    if (!rule) return undefined
    await admitNewcomer(parts, tx, { agent, client, by: rule.ownerId })
    return agent
  })
}

/** INVARIANT: whom a person brings is who they were shown. */
async function requireAsDescribed(
  tx: Tx,
  { clientUrl, id }: Agent,
  client: SelfRegisteredClient,
  now: number,
): Promise<void> {
  const description = await findDescription(tx, id)
  if (!description) {
    if (clientUrl !== null) await insertDescription(tx, client, now)
    return
  }
  // Another instance has other ports, and may have none of the rest otherwise.
  if (description.softwareDigest !== null && description.softwareDigest === softwareDigest(client))
    return
  const keys = provingOf(client).keys
  if (
    description.digest !== descriptionDigest(client) ||
    description.proves.keys.join() !== keys.join()
  )
    throw new Problem(
      'authorization.changed',
      "the program's description has changed: start again there",
    )
}

async function admitNewcomer(
  parts: AdmittingParts,
  tx: Tx,
  { agent, by, client }: { agent: Agent; client: SelfRegisteredClient; by: string },
): Promise<void> {
  if (!(await insertAgent(tx, agent)))
    throw new Error('an agent appeared inside the transaction that looked for it')
  await insertDescription(tx, client, parts.clock.now())
  await parts.live.begin(tx, { kind: 'agent', id: agent.id })
  await parts.ledger.append(tx, {
    type: 'agent.admitted',
    agent: agent.id,
    by,
    outcome: agent.admission === NO_RULE ? 'quarantined' : 'admitted',
    facts: {
      rule: agent.admission === NO_RULE ? undefined : (agent.admission ?? undefined),
      owner: agent.ownerId,
      trust: agent.trust,
      ceiling: agent.ceiling,
      may_delegate: agent.mayDelegate,
      redirect_uris: client.redirectUris,
      client_url: agent.clientUrl ?? undefined,
      methods: client.proves?.methods,
      keys: client.proves?.keys,
    },
    private: { name: client.clientName },
  })
}

function newcomer(
  { clientId, clientName }: SelfRegisteredClient,
  rule: AdmissionRule | undefined,
  { personId, now }: { personId: string; now: number },
): Agent {
  return {
    id: agentIdOf(clientId),
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
    clientUrl: isClientUrl(clientId) ? clientId : null,
    clients: [],
    ...BEGINNING,
  }
}

/**
 * Marks the name that a client calls itself: it is the client's own word, and could be anyone's.
 * INVARIANT: so it is marked wherever the agent is named, and no two agents have the same name,
 * whichever registers first.
 */
function markedName(clientName: string, clientId: string): string {
  return isClientUrl(clientId)
    ? `${clientName} (${clientHost(clientId)} ${agentIdOf(clientId).slice(-8)})`
    : `${clientName} (self-registered ${clientId.slice(-12)})`
}
