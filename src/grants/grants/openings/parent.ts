import type { Detail } from '@remit/engine'
import type { CatalogView } from '../../../catalog/catalog/index.ts'
import type { Agent } from '../../../identity/agents/index.ts'
import { findPerson, type Person } from '../../../identity/people/index.ts'
import type { LiveView } from '../../../platform/revocation/index.ts'
import { codeOf } from '../../../tasks/decision-log/index.ts'
import {
  alsoLiveness,
  callKeys,
  certifiedAt,
  livenessOf,
  mayHandOn,
  PAST_DEADLINE,
  type SpaceContext,
} from '../../../tasks/facts/index.ts'
import type { TaskLineage } from '../../../tasks/tasks/index.ts'
import { type GrantRefusal, isRefused, refused } from '../../issuance/index.ts'
import { DORMANT } from '../dormancy.ts'
import type { GrantParts } from '../parts.ts'
import { enterPlace, findPlaceBelow, type Place } from '../pipeline/requested-space.ts'

/** A task that may have a child of this agent: it, everything above it, and the agent are alive. */
export interface Parent {
  readonly held: TaskLineage
  /** The represented person, or the sponsor. */
  readonly person: Person
  /** The chain of the parent. */
  readonly agents: readonly Agent[]
  /** Details that a child may get at most, as of now. */
  readonly mayHandOn: readonly Detail[]
  /** Catalog as it was read after the views that watch over it. */
  readonly catalog: CatalogView
  /** Place of the child. */
  readonly place: Place
  readonly where: SpaceContext | undefined
  /** Views that the child depends on. */
  readonly views: readonly LiveView[]
}

/** Looks at the whole line as it is now. `ticket`: that the child shows. */
export async function readParent(
  parts: GrantParts,
  held: TaskLineage,
  given: {
    readonly child: Agent
    /** Names of those that vouch for the child. */
    readonly issuers: readonly string[]
    readonly ticket?: string
    readonly space?: string | undefined
  },
): Promise<Parent | GrantRefusal> {
  const { task, chain } = held
  const { child, ticket } = given
  const place = await findPlaceBelow(parts, task, given.space)
  if (isRefused(place)) return place
  const view = await parts.live.view(
    callKeys({
      task: task.id,
      person: task.personId,
      chain: [child.id, ...chain],
      spaces: place.spaces,
      issuers: [...task.issuers, ...given.issuers],
      token: ticket,
    }),
  )
  const alive = livenessOf(view)
  if (!alive.passed) return refused(codeOf(alive.reason ?? ''), alive.detail)
  if (task.deadline <= parts.clock.now())
    return refused(codeOf(PAST_DEADLINE.reason ?? ''), PAST_DEADLINE.detail)
  const agents: Agent[] = []
  for (const id of chain) agents.push(await parts.facts.agent(id, view))
  const all = [child, ...agents]
  const person = await findPerson(parts.storage.read, task.personId)
  if (!person) throw new Error('a task without a person')
  const { sponsored } = task
  const found = await enterPlace(parts, place, view, { person, agents: all, sponsored })
  if (isRefused(found)) return found
  const sponsor = task.sponsored ? person : undefined
  const owned =
    certifiedAt(all, parts.clock.now()) ?? alsoLiveness(found.also, { agents: all, sponsor })
  if (!owned.passed) return refused(codeOf(owned.reason ?? ''), owned.detail)
  if (await parts.dormancy?.suspends(parts, child)) return DORMANT
  const catalog = await parts.catalog.current()
  return {
    held,
    person,
    agents,
    mayHandOn: mayHandOn([task, ...held.above], agents, catalog.kindOf),
    catalog,
    place,
    where: found.where,
    views: [view, found.also],
  }
}
