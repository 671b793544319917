import { createHash } from 'node:crypto'
import { Problem } from '../../platform/lib/problem.ts'
import type { Reader, Tx } from '../../platform/storage/index.ts'
import { type Agent, type AgentParts, BEGINNING, findAgent, insertAgent } from '../agents/index.ts'
import { NO_RULE } from '../client-metadata/index.ts'
import { findPerson } from '../people/index.ts'
import { holds } from './claim-test.ts'
import type { VerifiedToken } from './foreign-token.ts'
import { takeRoom } from './issuer-store.ts'
import type { AdmissionTerms, IdentityRule, TrustedIssuer } from './trusted-issuer.ts'
import { findWorkload, insertWorkload } from './workload-store.ts'

export type WorkloadParts = Pick<AgentParts, 'storage' | 'ledger' | 'clock' | 'live'>

/**
 * Claims of a token for a person who signed in, or for whom another acts: such a token is no
 * workload's own.
 */
const OF_PEOPLE = [
  'nonce',
  'at_hash',
  'c_hash',
  's_hash',
  'auth_time',
  'amr',
  'events',
  'act',
  'may_act',
]

/**
 * Finds the agent that a token of a trusted issuer is of: an agent that a rule names; else an agent
 * of its own for each subject, made when it is seen first: with what the rule gives, or quarantined
 * when none matches.
 *
 * INVARIANT: keyed by registration and subject together, never by subject alone, and never by parts
 * of it.
 * @throws Problem `issuer.not_trusted`, `issuer.full`, `agent.unknown`, `token.malformed`
 */
export function identifyWorkload(parts: WorkloadParts, vouched: VerifiedToken): Promise<Agent> {
  const { claims } = vouched
  const ofPeople = OF_PEOPLE.find((name) => claims[name] !== undefined)
  if (ofPeople)
    throw new Problem(
      'token.malformed',
      `a token with \`${ofPeople}\` is about a person, not a workload`,
    )
  return identified(parts, vouched)
}

/**
 * The agent that an access token was issued to: by the same rules; without one that names an agent, one for each client of the server.
 * Who acts for whom elsewhere (`act`) counts where a rule asks about it; or, where the registration says so, one for each of those who act.
 */
export function identifyClient(parts: WorkloadParts, vouched: VerifiedToken): Promise<Agent> {
  const { act, azp, client_id: clientId = azp } = vouched.claims
  if (typeof clientId !== 'string' || !/^[\x20-\x7e]{1,512}$/.test(clientId))
    throw new Problem('token.malformed', 'the token names no client')
  // No subject is called so: a tab is not among what one may say.
  if (act !== undefined && vouched.issuer.access?.actor === 'act')
    return identified(parts, { ...vouched, subject: `actor\t${ownActor(vouched)}` })
  return identified(parts, { ...vouched, subject: `client\t${clientId}` }, act !== undefined)
}

/** INVARIANT: an issuer says which of its own agents acts. */
function ownActor({ claims, issuer }: VerifiedToken): string {
  const { iss, sub } = { ...Object(claims.act) }
  if (iss !== issuer.issuer || typeof sub !== 'string' || !/^[\x20-\x7e]{1,512}$/.test(sub))
    throw new Problem('issuer.not_trusted', 'the actor of the token belongs to another issuer')
  return sub
}

async function identified(
  parts: WorkloadParts,
  vouched: VerifiedToken,
  onlyNamed = false,
): Promise<Agent> {
  const { claims, issuer } = vouched
  const rule = issuer.rules.find(({ when }) => when.every((test) => holds(test, claims)))
  if (onlyNamed && !(rule && 'agent' in rule.gives))
    throw new Problem('issuer.not_trusted', 'no rule maps this token to an agent')
  const agent =
    rule && 'agent' in rule.gives
      ? await agentById(parts.storage.read, rule.gives.agent)
      : ((await known(parts.storage.read, vouched)) ?? (await admit(parts, vouched, rule)))
  // An issuer may not vouch for an agent with more trust than its own limit, whichever of the two changed.
  if (agent.trust > issuer.trust)
    throw new Problem(
      'issuer.not_trusted',
      `\`${agent.id}\` is trusted more than its issuer may be`,
    )
  return agent
}

async function agentById(db: Reader, id: string): Promise<Agent> {
  const agent = await findAgent(db, id)
  if (!agent) throw new Problem('agent.unknown', `there is no agent \`${id}\``)
  return agent
}

async function known(db: Reader, { issuer, subject }: VerifiedToken): Promise<Agent | undefined> {
  const id = await findWorkload(db, issuer.name, subject)
  return id === undefined ? undefined : agentById(db, id)
}

function admit(
  parts: WorkloadParts,
  vouched: VerifiedToken,
  rule: IdentityRule | undefined,
): Promise<Agent> {
  const { issuer, subject } = vouched
  return parts.storage.transaction(async (tx) => {
    const before = await known(tx, vouched)
    if (before) return before
    if (!(await takeRoom(tx, issuer.name)))
      throw new Problem('issuer.full', `\`${issuer.name}\` has reached its limit of agents`)
    const given = await givenBy(tx, rule)
    const agent = newcomer(
      vouched,
      given && rule ? { given, rule: rule.name } : undefined,
      parts.clock.now(),
    )
    if (!(await insertAgent(tx, agent)))
      throw new Problem('agent.exists', `the name \`${agent.id}\` was given to an agent before`)
    await insertWorkload(tx, {
      ...{ issuer: issuer.name, subject, agentId: agent.id },
      at: agent.createdAt,
    })
    await parts.live.begin(tx, { kind: 'agent', id: agent.id })
    await parts.ledger.append(tx, {
      type: 'agent.admitted',
      agent: agent.id,
      by: `issuer:${issuer.name}`,
      outcome: agent.admission === NO_RULE ? 'quarantined' : 'admitted',
      facts: {
        issuer: issuer.name,
        rule: agent.admission === NO_RULE ? undefined : (rule?.name ?? undefined),
        owner: agent.ownerId,
        trust: agent.trust,
        ceiling: agent.ceiling,
        may_delegate: agent.mayDelegate,
      },
      private: { subject },
    })
    return agent
  })
}

/** A rule counts as long as an active owner answers for the agents that it admits. */
async function givenBy(
  tx: Tx,
  rule: IdentityRule | undefined,
): Promise<AdmissionTerms | undefined> {
  if (!rule || !('admit' in rule.gives)) return undefined
  const owner = await findPerson(tx, rule.gives.admit.ownerId)
  return owner?.status === 'active' ? rule.gives.admit : undefined
}

function newcomer(
  { issuer, subject }: VerifiedToken,
  admitted: { readonly given: AdmissionTerms; readonly rule: string } | undefined,
  now: number,
): Agent {
  const id = workloadId(issuer, subject)
  return {
    id,
    name: workloadName(issuer, subject, id),
    description: '',
    ownerId: admitted?.given.ownerId ?? issuer.ownerId,
    trust: admitted?.given.trust ?? 0,
    ceiling: admitted?.given.ceiling ?? [],
    mayDelegate: admitted?.given.mayDelegate ?? null,
    status: 'active',
    createdAt: now,
    admission: admitted ? `${issuer.name}/${admitted.rule}` : NO_RULE,
    notifyAt: null,
    clientUrl: null,
    issuer: issuer.name,
    clients: [],
    ...BEGINNING,
  }
}

/** Id for the subject of an issuer: always the same one for it, and another one for any other. */
export function workloadId({ name }: Pick<TrustedIssuer, 'name'>, subject: string): string {
  return `workload-${createHash('sha256').update(`${name}\0${subject}`).digest('hex').slice(0, 32)}`
}

const MAX_SHOWN = 80

/** The subject as its issuer says it, marked with who says so; no two agents have the same name. */
function workloadName({ name }: TrustedIssuer, subject: string, id: string): string {
  const text = subject.replace('\t', ' ')
  const shown = text.length <= MAX_SHOWN ? text : `…${text.slice(-MAX_SHOWN)}`
  return `${shown} (by ${name} ${id.slice(-12)})`
}
