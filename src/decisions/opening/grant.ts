import { type Detail, granted, intersect, type KindOf } from '@remit/engine'
import type { LiveView } from '../../live/index.ts'
import type { Person } from '../../people/index.ts'
import { type Basis, basesFor, basisLimits, checkPurpose } from '../../tasks/index.ts'
import { alsoKeys, alsoLiveness, livenessOf, openingKeys } from '../liveness.ts'
import type { DecisionParts } from '../parts.ts'
import { codeOf } from '../reasons.ts'
import type { Brought } from './bring.ts'
import { type Opening, type Refused, refused } from './opening.ts'
import { isRefused, readWanted } from './wanted.ts'

export interface Granted {
  readonly outcome: 'granted'
  readonly details: readonly Detail[]
  readonly person: Person
  /** Those that the grant stands on. */
  readonly bases: readonly Basis[]
  /** What the opening depends on. */
  readonly views: readonly LiveView[]
  /** As of the moment of the grant. */
  readonly kindOf: KindOf
}

/** Within the ceiling, and no basis covers anything of it. */
export interface Missing {
  readonly outcome: 'needs_consent'
  readonly details: readonly Detail[]
  /** Those that were in force when it was found missing. */
  readonly bases: readonly Basis[]
}

export type OpeningGrant = Granted | Missing | Refused

/** Requested ∩ ceiling ∩ every basis (contract 2), for those who are alive. Reads, and writes nothing. */
export async function grantOpening(
  parts: DecisionParts,
  opening: Opening,
  { agent, subject }: Brought,
): Promise<OpeningGrant> {
  checkPurpose(opening.purpose)
  const { lifeSeconds = 1 } = opening
  if (!Number.isSafeInteger(lifeSeconds) || lifeSeconds < 1)
    return refused('task.bad_life', 'a lifetime is a whole number of seconds, from 1')
  const catalog = await parts.catalog.current()
  const { kindOf } = catalog
  const wanted = readWanted(opening, catalog)
  if (isRefused(wanted)) return wanted
  if (wanted === undefined || wanted.length === 0)
    return refused('task.nothing_requested', 'ask by `authorization_details` or `scope`')
  const views = await viewsOf(parts, agent, subject)
  if (isRefused(views)) return views
  if (agent.trust === 0)
    return refused('agent.quarantined', 'the agent is quarantined and is given nothing')
  const within = intersect(wanted, agent.ceiling, kindOf)
  if (within.length === 0)
    return refused('task.beyond_ceiling', 'the agent may never be given any of what it asks for')
  const bases = await basesFor(parts.storage.read, {
    personId: subject.person.id,
    agentId: agent.id,
    now: parts.clock.now(),
  })
  const limits = { ceiling: agent.ceiling, bases: basisLimits(bases) }
  const details = granted(wanted, limits, kindOf)
  if (details.length > 0) {
    const standsOn = bases.filter((basis) => intersect(details, basis.details, kindOf).length > 0)
    return { outcome: 'granted', details, person: subject.person, bases: standsOn, views, kindOf }
  }
  return beyondBases(within, bases, kindOf)
}

/** Consent helps where administrators left the question to the person, or allowed at least a part of it. */
function beyondBases(
  within: readonly Detail[],
  bases: readonly Basis[],
  kindOf: KindOf,
): OpeningGrant {
  const [admin] = basisLimits(bases.filter(({ kind }) => kind === 'admin'))
  const details = admin ? intersect(within, admin, kindOf) : within
  if (details.length > 0) return { outcome: 'needs_consent', details, bases }
  return refused('task.beyond_basis', 'administrators allow the agent other things for this person')
}

/** What the opening depends on, all alive; asked again when it is answered. */
async function viewsOf(
  parts: DecisionParts,
  agent: Brought['agent'],
  subject: Brought['subject'],
): Promise<readonly LiveView[] | Refused> {
  const view = await parts.live.view(openingKeys(subject.person.id, agent.id))
  const also = await parts.live.view(alsoKeys([agent.ownerId], []))
  for (const gate of [livenessOf(view), alsoLiveness(also)])
    if (!gate.passed) return refused(codeOf(gate.reason ?? ''), gate.detail)
  return [view, also]
}
