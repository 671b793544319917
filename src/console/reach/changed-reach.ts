import { setImmediate as turn } from 'node:timers/promises'
import type { CallParts } from '../../calls/calls/index.ts'
import type { CatalogView } from '../../catalog/catalog/index.ts'
import { type Agent, listAgents } from '../../identity/agents/index.ts'
import { listPersons, type Person } from '../../identity/people/index.ts'
import { parseInWorker } from '../../policy/cedar/index.ts'
import { EverSet, schemaInSteps } from '../../policy/policy/index.ts'
import { agentEntities, everOf, type PrincipalFirst, personEntities } from './ever-of.ts'
import { names } from './who-can.ts'

/** Change in the possible actions of a person or an agent: those gained, and those lost. */
export interface ChangedReach {
  readonly who: string
  readonly gains: readonly string[]
  readonly loses: readonly string[]
}

export interface ReachOfChange {
  readonly agents: readonly ChangedReach[]
  /** Counts of people by action, of so many people who were looked at. */
  readonly people: readonly {
    readonly action: string
    readonly gain: number
    readonly lose: number
  }[]
  readonly looked: number
  /** True when there is more than was looked at. */
  readonly cut: boolean
}

type Parts = Pick<CallParts, 'storage' | 'catalog' | 'policies' | 'clock'>

const MAX_AGENTS = 200
const MAX_PEOPLE = 200
/**
 * Questions, each of an agent or a person and an action, that are looked at; any beyond are not.
 */
const MAX_QUESTIONS = 20_000
const BREATH = 200

/**
 * Answers what a text of policies would change for agents, within their ceilings, and for people.
 */
export async function reachOfPolicies(parts: Parts, text: string): Promise<ReachOfChange> {
  const catalog = await parts.catalog.current()
  const { set: before } = await everOf(parts)
  const schema = await schemaInSteps(catalog.actions.values())
  const after = new EverSet(text, await parseInWorker(text), schema)
  const looking = new ReachComparison(catalog, before, after)
  const found = await listAgents(parts.storage.read, { limit: MAX_AGENTS + 1 })
  const agents: ChangedReach[] = []
  for (const agent of found.slice(0, MAX_AGENTS)) {
    if (agent.status !== 'active') continue
    const changed = await looking.agent(parts, agent, agent)
    if (changed) agents.push(changed)
  }
  const everybody = await listPersons(parts.storage.read, { limit: MAX_PEOPLE + 1 })
  const people = everybody.slice(0, MAX_PEOPLE)
  const counted = new Map<string, { action: string; gain: number; lose: number }>()
  for (const person of people) {
    const { gains, loses } = await looking.person(person, person)
    for (const action of [...gains, ...loses]) {
      const known = counted.get(action) ?? { action, gain: 0, lose: 0 }
      if (gains.includes(action)) known.gain++
      else known.lose++
      counted.set(action, known)
    }
  }
  const cut = looking.cut || found.length > MAX_AGENTS || everybody.length > MAX_PEOPLE
  return { agents, people: [...counted.values()], looked: people.length, cut }
}

/**
 * Answers what another ceiling or trust level would change for an agent, under the current
 * policies.
 */
export async function reachOfAgent(
  parts: Parts,
  before: Agent | undefined,
  after: Agent,
): Promise<ChangedReach | undefined> {
  const { set } = await everOf(parts)
  const looking = new ReachComparison(await parts.catalog.current(), set, set)
  return looking.agent(parts, before ?? { ...after, ceiling: [] }, after)
}

/** Answers what another group would change for a person, under the current policies. */
export async function reachOfPerson(
  parts: Parts,
  before: Person,
  after: Person,
): Promise<ChangedReach> {
  const { set } = await everOf(parts)
  const looking = new ReachComparison(await parts.catalog.current(), set, set)
  return { who: after.name, ...(await looking.person(before, after)) }
}

class ReachComparison {
  readonly #catalog: CatalogView
  readonly #before: EverSet
  readonly #after: EverSet
  #asked = 0

  constructor(catalog: CatalogView, before: EverSet, after: EverSet) {
    this.#catalog = catalog
    this.#before = before
    this.#after = after
  }

  get cut(): boolean {
    return this.#asked >= MAX_QUESTIONS
  }

  async agent(
    parts: Pick<Parts, 'storage'>,
    before: Agent,
    after: Agent,
  ): Promise<ChangedReach | undefined> {
    const within = ({ ceiling }: Agent, location: string, action: string) =>
      ceiling.some((detail) => names(detail, location, action))
    const changed = await this.#each(async (action, resource) => {
      const had = within(before, resource.identifier, action)
      const has = within(after, resource.identifier, action)
      if (!had && !has) return undefined
      return {
        could:
          had &&
          this.#ask(
            this.#before,
            await agentEntities(parts, before, resource.name),
            action,
            resource.name,
          ),
        can:
          has &&
          this.#ask(
            this.#after,
            await agentEntities(parts, after, resource.name),
            action,
            resource.name,
          ),
      }
    })
    if (changed.gains.length + changed.loses.length === 0) return undefined
    return { who: after.id, ...changed }
  }

  person(before: Person, after: Person) {
    return this.#each(async (action, { name }) => ({
      could: this.#ask(this.#before, personEntities(before, name), action, name),
      can: this.#ask(this.#after, personEntities(after, name), action, name),
    }))
  }

  async #each(
    look: (
      action: string,
      resource: { readonly name: string; readonly identifier: string },
    ) => Promise<{ could: boolean; can: boolean } | undefined>,
  ): Promise<Pick<ChangedReach, 'gains' | 'loses'>> {
    const gains: string[] = []
    const loses: string[] = []
    for (const action of this.#catalog.actions.values()) {
      const resource = this.#catalog.resources.get(action.resource)
      if (!resource || this.cut) continue
      if (++this.#asked % BREATH === 0) await turn()
      const found = await look(action.name, resource)
      if (found?.can && !found.could) gains.push(action.name)
      if (found?.could && !found.can) loses.push(action.name)
    }
    return { gains, loses }
  }

  #ask(set: EverSet, around: PrincipalFirst, action: string, resource: string): boolean {
    return set.ask(around[0], { action, resource }, around).possible
  }
}
