import {
  type Detail,
  type GateResult,
  intersect,
  type KindOf,
  keepEntities,
  type PolicyEntity,
} from '@remit/engine'
import type { Agent } from '../../identity/agents/index.ts'
import { boundByIssuers, type TrustedIssuer } from '../../identity/issuers/index.ts'
import type { Person } from '../../identity/people/index.ts'
import { withinSpaces } from '../../identity/spaces/index.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import type { TaskLineage } from '../tasks/index.ts'
import { mayHandOn } from './delegation-ceiling.ts'
import {
  agentEntity,
  groupEntities,
  personEntity,
  resourceEntity,
  spaceEntities,
} from './entities.ts'
import { intersecting, type SpaceContext } from './space-context.ts'

/** Setting around the calls of one task at one resource, as of two views. */
export interface Setting {
  readonly person: Person
  /** Agents in the order of the chain. */
  readonly agents: readonly Agent[]
  /**
   * Details that were granted, within what agent and space allow by now, and within what the tasks
   * above may hand on.
   */
  readonly details: readonly Detail[]
  readonly personEntity: PolicyEntity
  readonly agentEntities: readonly PolicyEntity[]
  readonly entities: readonly PolicyEntity[]
  /** Entities of everyone else who must be permitted. */
  readonly intersectWith: readonly PolicyEntity[]
  /** `undefined`: in no space. */
  readonly where: SpaceContext | undefined
  /**
   * Gate result that stands in the way because of where the task is, as of the moment that was
   * asked about.
   */
  readonly inTheWay: GateResult | undefined
  /** Live state beyond what the token's epochs speak of. */
  readonly also: LiveView
}

/** Setting as it is kept: without the parts that are read again for each call. */
export type KeptSetting = Omit<Setting, 'also' | 'inTheWay' | 'where'>

/** Makes a setting from its parts. `others`: people besides the task's person that policies look at. */
export function makeSetting(
  { task, above }: Pick<TaskLineage, 'above' | 'task'>,
  resource: string,
  {
    agents,
    issuers,
    kindOf,
    others,
    person,
    where,
  }: {
    readonly agents: readonly Agent[]
    readonly issuers: readonly TrustedIssuer[]
    readonly kindOf: KindOf
    readonly others: readonly Person[]
    readonly person: Person
    readonly where: SpaceContext | undefined
  },
): KeptSetting {
  const ceiling = agents[0]?.ceiling ?? []
  const trusted = boundByIssuers(task.details, issuers, kindOf)
  // INVARIANT: what a space leaves counts as it is now, like a ceiling.
  const within = withinSpaces(intersect(trusted, ceiling, kindOf), where?.line ?? [], kindOf)
  return {
    person,
    agents,
    // INVARIANT: a ceiling that was lowered after the task had opened counts at once, as does what an agent above may
    // hand on by now.
    details:
      above.length === 0
        ? within
        : intersect(within, mayHandOn(above, agents.slice(1), kindOf), kindOf),
    personEntity: personEntity(person),
    agentEntities: agents.map(agentEntity),
    entities: keepEntities([
      ...others.map(personEntity),
      ...groupEntities([person, ...others]),
      ...spaceEntities(where?.line ?? []),
      resourceEntity(resource),
    ]),
    intersectWith: intersecting(where).map(personEntity),
  }
}
