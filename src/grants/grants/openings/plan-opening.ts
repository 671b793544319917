import type { GrantName } from '../../../policy/policy/index.ts'
import {
  asRefused,
  detailsAt,
  type IssuanceContext,
  isRefused,
  type PeopleTerms,
  refused,
} from '../../issuance/index.ts'
import type { GrantParts } from '../parts.ts'
import { grantOpening } from '../pipeline/grant.ts'
import type { PlanRequest, PlanResult } from '../pipeline/plan.ts'
import { planChild } from './child.ts'
import { planSponsored } from './sponsored.ts'

/**
 * Names how a token comes, as policies do: of a request that was put off, by how it was first made.
 */
export function grantOf({ flow, request }: Pick<PlanRequest, 'flow' | 'request'>): GrantName {
  const { way } = request
  if (way?.kind === 'sponsored') return way.by
  if (way) return 'jwt_bearer'
  return GRANT_OF[flow]
}

const GRANT_OF = {
  deferred: 'token_exchange',
  ciba: 'ciba',
  device: 'device_code',
  code: 'authorization_code',
} as const

/** Agents that would act, the one that opens first, and the presence of a person. */
export interface Line {
  readonly chain: readonly string[]
  readonly sponsored: boolean
}

export async function lineOf(
  parts: Pick<GrantParts, 'facts'>,
  { requester, request: { way } }: Pick<PlanRequest, 'requester' | 'request'>,
): Promise<Line> {
  const own = requester.agent.id
  if (way?.kind !== 'child') return { chain: [own], sponsored: way?.kind === 'sponsored' }
  const parent = await parts.facts.task(way.ticket.task.parent)
  return { chain: [own, ...(parent?.chain ?? [])], sponsored: parent?.task.sponsored ?? false }
}

/**
 * Plans a request as things are now, whether it is made now or was put off. Reads, and writes
 * nothing.
 */
export async function planOpening(
  parts: GrantParts,
  asked: PlanRequest,
  people: PeopleTerms,
): Promise<PlanResult> {
  const planned = await planBy(parts, asked, people).catch(asRefused)
  if (isRefused(planned) || planned.outcome === 'needs_consent') return planned
  const { resource } = asked.request
  if (resource === undefined) return planned
  const there = (await parts.catalog.current()).at(resource).locations
  if (detailsAt(planned.grant.details, there).length === 0)
    return refused('task.resource_not_granted', 'nothing was granted at this resource')
  return planned
}

function planBy(parts: GrantParts, asked: PlanRequest, people: PeopleTerms): Promise<PlanResult> {
  const { requester, origin, request } = asked
  const { way } = request
  const issuing = { grant: grantOf(asked), bound: requester.proof !== undefined, origin }
  if (way?.kind === 'sponsored') return planSponsored(parts, asked, way, { issuing, ...people })
  if (way?.kind === 'child') return planChild(parts, asked, way, { issuing, ...people })
  return planForPerson(parts, asked, { issuing, ...people })
}

async function planForPerson(
  parts: GrantParts,
  { requester, flow, only, person, request }: PlanRequest,
  { issuing, ...people }: PeopleTerms & { readonly issuing: IssuanceContext },
): Promise<PlanResult> {
  if (!person) throw new TypeError('an opening without a person')
  const way = request.way?.kind === 'asserted' ? request.way : undefined
  const { agent } = requester
  const issuers = [...requester.issuers]
  for (const name of way?.issuers ?? [])
    if (!issuers.some((one) => one.name === name))
      issuers.push(...(await parts.issuers.behind({ issuer: name })))
  const who = { agent, subject: { person }, issuers, issuing, actors: way?.actors ?? [] }
  const options = { only, asserted: way?.asserted, ...people }
  const grant = await grantOpening(parts, request, who, options)
  if (grant.outcome !== 'granted') return grant
  const openedBy = way ? 'assertion' : flow === 'code' ? 'code' : 'exchange'
  return { outcome: 'planned', grant, issuers, openedBy }
}
