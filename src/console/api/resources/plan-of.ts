import {
  type Action,
  findResource,
  listActions,
  movesTo,
  type Resource,
} from '../../../catalog/catalog/index.ts'
import {
  checkAddress,
  fetchCard,
  type ImportOptions,
  type ImportPlan,
  type KnownOperation,
  knownNames,
  planAgentImport,
  planGraphqlImportInWorker,
  planImportInWorker,
  planMcpImportInWorker,
} from '../../../catalog/catalog-changes/index.ts'
import { credentialFor } from '../../../identity/connections/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { ApiParts } from '../parts.ts'
import { changedSettings, keptSettings, type ResourceSettings } from './kept-settings.ts'

interface WantedImport extends ResourceSettings {
  readonly document?: unknown
  readonly mcp?: string
  readonly a2a?: string
  readonly graphql?: unknown
  readonly upstream?: string
  readonly title?: string
  /** Public address of an API that is not behind the gateway. */
  readonly direct?: string
}

/**
 * Plans an import: from the document that was sent, or from what the MCP server or the A2A agent
 * answers now. Only
 * the address that the administrator gave is asked, and no redirect is followed. Settings that the
 * request leaves out stay as they are (`keptSettings`).
 */
export async function planOf(
  parts: ApiParts,
  name: string,
  wanted: WantedImport,
): Promise<ImportPlan> {
  const { a2a, document, graphql, mcp } = wanted
  if ([a2a, document, graphql, mcp].filter((source) => source !== undefined).length !== 1)
    throw new Problem(
      'request.malformed',
      'an import is from a `document`, a `graphql` schema, an `mcp` server or an `a2a` agent',
    )
  const known = await findResource(parts.connections.storage.read, name)
  const plan = await (document === undefined && graphql === undefined
    ? planServer(parts, { name, known, wanted }, mcp ?? a2a ?? '')
    : planDocument(parts, { name, known, wanted }))
  return { ...plan, notes: [...changedSettings(plan.resource, known, wanted), ...plan.notes] }
}

interface PlannedImport {
  readonly name: string
  readonly known: Resource | undefined
  readonly wanted: WantedImport
}

async function planDocument(
  parts: Pick<ApiParts, 'connections' | 'gateway' | 'issuer'>,
  { known, name, wanted }: PlannedImport,
): Promise<ImportPlan> {
  const { direct, document, graphql, title, upstream } = wanted
  if (direct !== undefined && graphql !== undefined)
    throw new Problem('request.malformed', 'a GraphQL API is called through the gateway')
  if (direct !== undefined && upstream !== undefined)
    throw new Problem(
      'request.malformed',
      'an API that is called directly has one address: `direct` or `upstream`, not both',
    )
  const stays = known?.mode === 'direct' && upstream === undefined ? known.identifier : undefined
  const place = placementOf(parts, name, direct ?? stays)
  const { upstream: there = upstream } = place
  const options = {
    name,
    ...place,
    ...(there === undefined ? {} : { upstream: there }),
    ...(known === undefined ? {} : { upstreamBefore: known.upstream }),
    ...(title === undefined ? {} : { title }),
    ...keptSettings(wanted, known, there),
  }
  const before = await listActions(parts.connections.storage.read, name)
  if (graphql === undefined)
    return planImportInWorker(document, { ...options, operations: before.map(operationOf) })
  return planGraphqlImportInWorker(graphql, { ...options, known: knownNames(before) })
}

function operationOf({ method, name, names, path }: Action): KnownOperation {
  return { method, name, path, ...(names ? { names } : {}) }
}

async function planServer(
  parts: ApiParts,
  { known, name, wanted }: PlannedImport,
  address: string,
): Promise<ImportPlan> {
  const { direct, mcp, title, upstream } = wanted
  const what = mcp === undefined ? 'A2A agent' : 'MCP server'
  if (upstream !== undefined)
    throw new Problem('request.malformed', `the upstream of an ${what} is its address`)
  if (direct !== undefined)
    throw new Problem('request.malformed', `an ${what} is called through the gateway`)
  const url = checkAddress(`address of the ${what}`, address)
  const kept = keptSettings(wanted, known, url)
  const headers = await credentialHeaders(parts, kept.connection)
  const options = {
    name,
    ...placementOf(parts, name),
    upstream: url,
    mappingsTrusted: known?.mappingsTrusted === true && !movesTo(known, url),
    known: knownNames(await listActions(parts.connections.storage.read, name)),
    ...(title === undefined ? {} : { title }),
    ...kept,
  }
  return mcp === undefined
    ? planAgentImport(await fetchCard(parts.fetchJson, url, { headers }), options)
    : planMcpImportInWorker(await parts.describeMcp({ url, headers }), options)
}

/** Behind the gateway, or at an address of its own, where it asks about each call by itself. */
function placementOf(
  parts: Pick<ApiParts, 'gateway' | 'issuer'>,
  name: string,
  direct?: string,
): Pick<ImportOptions, 'identifier' | 'mode' | 'upstream'> {
  if (direct === undefined) return { identifier: `${parts.gateway}/${name}` }
  const ours = [parts.gateway, parts.issuer]
  if (ours.some((own) => direct === own || direct.startsWith(`${own}/`)))
    throw new Problem('catalog.bad_resource', 'the direct address is one of Remit itself')
  return { identifier: direct, mode: 'direct', upstream: direct }
}

async function credentialHeaders(
  parts: Pick<ApiParts, 'connections'>,
  connection: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (connection === undefined) return {}
  const { header, value } = await credentialFor(parts.connections, connection)
  return { [header]: value.reveal() }
}
