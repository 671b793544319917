import { type Detail, intersect } from '@remit/engine'
import type { Resource } from '../../catalog/catalog/index.ts'
import type { Agent } from '../../identity/agents/index.ts'
import { admissionOf } from '../../identity/client-metadata/index.ts'
import type { Person } from '../../identity/people/index.ts'
import type { GrantParts } from '../grants/index.ts'
import { askedAt } from './asked.ts'
import type { Authorization } from './authorization.ts'
import { agentBefore } from './authorization-store.ts'
import {
  hasYetToProve,
  isBearer,
  type ScopeAvailability,
  scopeAvailability,
} from './without-key.ts'

/**
 * `open`: the person may let it act. `quarantined`: it is not admitted. `beyond`: its ceiling has nothing of what it asks.
 * `keyless`: policies forbid the requested actions without proof of possession of a key; `forbidden`: nor with one. `stopped`: suspended or
 * retired. `gone`: the resource is not offered any more.
 */
export type OfferState =
  | 'open'
  | 'quarantined'
  | 'beyond'
  | 'keyless'
  | 'forbidden'
  | 'stopped'
  | 'gone'

/** Details that a person can let a client have, and those that they cannot. */
export interface ConsentOffer {
  /** Agent that the client is, or would become once the person brings it. */
  readonly agent: Agent
  readonly known: boolean
  readonly standing: OfferState
  readonly resource: Resource | undefined
  /** Within the agent's ceiling, without what can never be done. Nothing, unless its standing is `open`. */
  readonly offered: readonly Detail[]
  /** Its tokens will be good without a key. */
  readonly bearer: boolean
  /** Its tokens have to be bound to a key, of which it has shown and said nothing yet. */
  readonly yetToProve: boolean
  /** Actions within the ceiling, by what policies say of their calls. Forbidden and withheld ones are not offered. */
  readonly outlook: ScopeAvailability
}

/**
 * Finds what the client asks for at its resource, within what an agent like it may ever be given.
 * Changes nothing.
 * INVARIANT: a quarantined agent is offered nothing, whatever its ceiling says.
 */
export async function offerTo(
  parts: GrantParts,
  authorization: Authorization,
  person: Person,
): Promise<ConsentOffer> {
  const { read } = parts.storage
  const wasAgent = await agentBefore(read, authorization.clientId)
  const by = { personId: person.id, now: parts.clock.now(), wasAgent }
  const catalog = await parts.catalog.current()
  const { agent, known } = await admissionOf(read, authorization, by)
  const resource = catalog.byIdentifier.get(authorization.resource)
  const about = { agent, known, resource }
  const nothing = { offered: [], bearer: false, yetToProve: false, outlook: NONE_AVAILABLE }
  const none = (standing: OfferState): ConsentOffer => ({ ...about, ...nothing, standing })
  if (resource?.status !== 'active') return none('gone')
  if (agent.status !== 'active') return none('stopped')
  if (agent.trust === 0) return none('quarantined')
  const asked = askedAt(catalog, resource, authorization)
  const within = intersect(asked, agent.ceiling, catalog.kindOf)
  if (within.length === 0) return none('beyond')
  const bearer = await isBearer(parts, authorization, { agent, resource })
  const who = { person, agent, bearer }
  const outlook = await scopeAvailability(
    parts,
    who,
    new Set(within.flatMap(({ actions }) => actions)),
  )
  const offered = within.flatMap((detail) => {
    const actions = detail.actions.filter(
      (name) => !outlook.withheld.has(name) && !outlook.forbidden.has(name),
    )
    return actions.length === 0 ? [] : [{ ...detail, actions }]
  })
  const keyless = outlook.withheld.size > 0 ? 'keyless' : 'forbidden'
  const standing = offered.length === 0 ? keyless : 'open'
  const yetToProve = await hasYetToProve(parts, authorization)
  return { ...about, standing, offered, bearer, yetToProve, outlook }
}

const NONE: ReadonlySet<string> = new Set()
const NONE_AVAILABLE: ScopeAvailability = {
  withheld: NONE,
  forbidden: NONE,
  asked: NONE,
  askedForKey: NONE,
}
