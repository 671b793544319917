import { setImmediate as turn } from 'node:timers/promises'
import { type Bound, type Detail, detailInWords } from '@remit/engine'
import type { CallParts } from '../../calls/calls/index.ts'
import { type Agent, listAgents } from '../../identity/agents/index.ts'
import { listPersons, type Person } from '../../identity/people/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { EverAnswer, EverRule } from '../../policy/policy/index.ts'
import { basesOfAgent } from '../../tasks/consent/index.ts'
import { listSponsorGrants } from '../../tasks/sponsorship/index.ts'
import { actionNamed } from './check-call.ts'
import { agentEntities, everOf, personEntities } from './ever-of.ts'

/** Rules that could permit an action to a person or an agent, and rules that could forbid it. */
export interface DeterminingRules {
  readonly permits: readonly EverRule[]
  readonly forbids: readonly EverRule[]
}

export interface PermittedAgent extends DeterminingRules {
  readonly agent: Agent
  /** Parts of its ceiling that name the action, in words. */
  readonly within: readonly string[]
  /**
   * People for whom it may act by now: those it has a basis for, and sponsors. Anybody else can be
   * asked to consent.
   */
  readonly for: readonly { readonly personId: string; readonly by: 'basis' | 'sponsor grant' }[]
}

export interface ActionReach {
  readonly policyVersion: number
  readonly action: string
  readonly resource: string
  readonly people: readonly (DeterminingRules & { readonly person: Person })[]
  readonly agents: readonly PermittedAgent[]
  /** True when there are more people, or agents, than are looked at. */
  readonly cut: boolean
}

type Parts = Pick<CallParts, 'storage' | 'catalog' | 'policies' | 'clock'>

const PAGE = 200
const MAX = 20_000
const MAX_GRANTS = 200

/**
 * Lists all who could ever do something, as people, groups, agents, ceilings and policies are now.
 * A call needs both: a person who may, and an agent that may, for that person. INVARIANT: a person or an agent that
 * is not named here is denied it in every call.
 * @throws Problem `action.unknown`
 */
export async function whoCan(parts: Parts, named: string): Promise<ActionReach> {
  const catalog = await parts.catalog.current()
  const { name: action, resource: at } = actionNamed(named, catalog.actions)
  const resource = catalog.resources.get(at)
  if (!resource) throw new Problem('action.unknown', `there is no action \`${action}\``)
  const { set, version } = await everOf(parts)
  const of = { action, resource: resource.name }
  const people: (DeterminingRules & { person: Person })[] = []
  const looked = await eachPerson(parts, (person) => {
    const around = personEntities(person, resource.name)
    const said = set.ask(around[0], of, around)
    if (said.possible) people.push({ person, ...determiningRulesOf(said) })
  })
  const agents: PermittedAgent[] = []
  for (const agent of await listAgents(parts.storage.read, { limit: MAX })) {
    const within = agent.ceiling.filter((detail) => names(detail, resource.identifier, action))
    if (agent.status !== 'active' || within.length === 0) continue
    const around = await agentEntities(parts, agent, resource.name)
    const said = set.ask(around[0], of, around)
    if (!said.possible) continue
    agents.push({
      agent,
      ...determiningRulesOf(said),
      within: withinWords(within, action),
      for: await actingFor(parts, agent.id, (detail) => names(detail, resource.identifier, action)),
    })
  }
  return {
    policyVersion: version,
    action,
    resource: resource.name,
    people,
    agents,
    cut: looked >= MAX,
  }
}

function determiningRulesOf({
  forbids,
  permits,
}: Extract<EverAnswer, { possible: true }>): DeterminingRules {
  return { permits, forbids }
}

export function names(
  { actions, locations, type }: Detail,
  location: string,
  action: string,
): boolean {
  return type === 'remit_call' && locations.includes(location) && actions.includes(action)
}

export function withinWords(
  details: readonly { readonly bounds: readonly Bound[] }[],
  action: string,
) {
  return details.map(({ bounds }) => detailInWords({ actions: [action], bounds }))
}

/** People who have let this agent act for them, and sponsors, where that names the action. */
export async function actingFor(
  { clock, storage }: Pick<Parts, 'clock' | 'storage'>,
  agentId: string,
  covers: (detail: Detail) => boolean,
): Promise<PermittedAgent['for']> {
  const now = clock.now()
  const bases = await basesOfAgent(storage.read, { agentId, now, limit: MAX_GRANTS })
  const grants = await listSponsorGrants(storage.read, {
    agentId,
    inForceAt: now,
    limit: MAX_GRANTS,
  })
  const given = [
    ...bases.map((basis) => ({ ...basis, by: 'basis' as const })),
    ...grants.map((grant) => ({ ...grant, by: 'sponsor grant' as const })),
  ]
  const found = new Map<string, PermittedAgent['for'][number]>()
  for (const { by, details, personId } of given) {
    if (details.some(covers)) found.set(`${by} ${personId}`, { personId, by })
  }
  return [...found.values()]
}

/** Active people, by name. Answers how many there were. */
async function eachPerson(
  { storage }: Pick<Parts, 'storage'>,
  see: (person: Person) => void,
): Promise<number> {
  let looked = 0
  let after: Person | undefined
  while (looked < MAX) {
    const page = await listPersons(storage.read, { limit: PAGE, ...(after ? { after } : {}) })
    for (const person of page) if (person.status === 'active') see(person)
    looked += page.length
    after = page.at(-1)
    if (page.length < PAGE) return looked
    await turn()
  }
  return looked
}
