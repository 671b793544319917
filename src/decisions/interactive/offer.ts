import { type Detail, intersect } from '@remit/engine'
import { type Agent, admissionOf } from '../../agents/index.ts'
import type { Resource } from '../../catalog/index.ts'
import type { Authorization } from '../../tasks/index.ts'
import type { DecisionParts } from '../parts.ts'
import { askedAt } from './asked.ts'

/**
 * `open`: the person may let it act. `quarantined`: nobody has let it in. `beyond`: its ceiling has nothing of what it asks.
 * `stopped`: suspended or retired. `gone`: the resource is not offered any more.
 */
export type Standing = 'open' | 'quarantined' | 'beyond' | 'stopped' | 'gone'

/** What a person can let a client do. */
export interface Offer {
  /** What the client is, or would become once the person brings it. */
  readonly agent: Agent
  readonly known: boolean
  readonly standing: Standing
  readonly resource: Resource | undefined
  /** Within the agent's ceiling. Nothing, unless its standing is `open`. */
  readonly offered: readonly Detail[]
}

/**
 * What the client asks for at its resource, within what an agent like it may ever be given. Changes nothing.
 * INVARIANT: a quarantined agent is offered nothing, whatever its ceiling says.
 */
export async function offerTo(
  parts: DecisionParts,
  authorization: Authorization,
  person: { readonly id: string },
): Promise<Offer> {
  const by = { personId: person.id, now: parts.clock.now() }
  const catalog = await parts.catalog.current()
  const { agent, known } = await admissionOf(parts.storage.read, authorization, by)
  const resource = catalog.byIdentifier.get(authorization.resource)
  const about = { agent, known, resource }
  const none = (standing: Standing): Offer => ({ ...about, standing, offered: [] })
  if (resource?.status !== 'active') return none('gone')
  if (agent.status !== 'active') return none('stopped')
  if (agent.trust === 0) return none('quarantined')
  const asked = askedAt(catalog, resource, authorization)
  const offered = intersect(asked, agent.ceiling, catalog.kindOf)
  return offered.length === 0 ? none('beyond') : { ...about, standing: 'open', offered }
}
