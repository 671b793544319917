import { callsIn, type Detail, delegatesIn, intersect } from '@remit/engine'
import type { CatalogView } from '../../../catalog/catalog/index.ts'
import type { Claims } from '../../../platform/jose/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { isRefused, problemFor, readAskedAuthority } from '../../issuance/index.ts'
import type { AssertedOpening } from '../opening.ts'
import type { GrantParts } from '../parts.ts'

/** Details that an assertion allows, and those of them that are asked for. */
export interface AssertedAuthority {
  readonly limit: readonly Detail[]
  /** The smaller of the two, both lists. */
  readonly details: readonly Detail[]
  /** The one resource a token is for: as it was asked for, or the only one that the assertion names. */
  readonly resource: string | undefined
}

/** Requested, within what the assertion says. Scopes and types that mean nothing here grant nothing here. */
export async function readAsserted(
  parts: Pick<GrantParts, 'catalog'>,
  asked: AssertedOpening,
  claims: Claims,
): Promise<AssertedAuthority> {
  const catalog = await parts.catalog.current()
  const resources = resourcesOf(claims, catalog)
  const resource = asked.resource ?? (resources?.length === 1 ? resources[0] : undefined)
  if (resource !== undefined && resources && !resources.includes(resource))
    throw new Problem('task.resource_not_granted', 'the assertion is not for this resource')
  const limit = within(assertedLimit(claims, catalog), resources)
  const wanted = readAskedAuthority(asked, catalog)
  if (isRefused(wanted)) throw problemFor(wanted)
  const { kindOf } = catalog
  const calls = wanted ? intersect(wanted.calls, callsIn(limit), kindOf) : callsIn(limit)
  const handedOn = delegatesIn(limit)
  const delegates = wanted ? intersect(wanted.delegates ?? [], handedOn, kindOf) : handedOn
  if (calls.length + delegates.length === 0)
    throw new Problem('task.nothing_requested', 'nothing of the request is in the assertion')
  return { limit, details: [...calls, ...delegates], resource }
}

/** Lists the resources that the catalog knows; at least one, where it names any. */
function resourcesOf({ resource }: Claims, catalog: CatalogView): readonly string[] | undefined {
  if (resource === undefined) return undefined
  const named: unknown[] = Array.isArray(resource) ? resource : [resource]
  const known = named.filter(
    (one): one is string => typeof one === 'string' && catalog.byIdentifier.has(one),
  )
  if (known.length === 0)
    throw new Problem('grant.not_accepted', 'the assertion names an unknown resource')
  return known
}

function assertedLimit(claims: Claims, catalog: CatalogView): readonly Detail[] {
  const { authorization_details: details, scope } = claims
  if (scope !== undefined && typeof scope !== 'string')
    throw new Problem('token.malformed', '`scope` is not text')
  if (details !== undefined && !Array.isArray(details))
    throw new Problem('token.malformed', '`authorization_details` is not a list')
  const names = scope?.split(' ').filter((name) => catalog.actions.has(name)) ?? []
  const read = readAskedAuthority(
    {
      ...(details && { details: details.filter(isOurs) }),
      ...(names.length > 0 && { scope: names.join(' ') }),
    },
    catalog,
  )
  if (isRefused(read)) throw problemFor(read)
  return read ? [...read.calls, ...(read.delegates ?? [])] : []
}

function isOurs(detail: unknown): boolean {
  const { type }: { readonly type?: unknown } = Object(detail)
  return type === 'remit_call' || type === 'remit_delegate'
}

function within(
  limit: readonly Detail[],
  resources: readonly string[] | undefined,
): readonly Detail[] {
  if (!resources) return limit
  return limit
    .map((detail) => ({
      ...detail,
      locations: detail.locations.filter((one) => resources.includes(one)),
    }))
    .filter(({ locations }) => locations.length > 0)
}
