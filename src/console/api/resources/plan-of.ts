import {
  type Action,
  findResource,
  listActions,
  movesTo,
  type Resource,
} from '../../../catalog/catalog/index.ts'
import {
  checkAddress,
  type DocumentImporter,
  type Importer,
  type ImportOptions,
  type ImportPlan,
  type KnownOperation,
  knownNames,
  planImportInWorker,
  planMcpImportInWorker,
  type ServerImporter,
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
  const [source, ...others] = SOURCES.filter((each) => wanted[each] !== undefined)
  if (source === undefined || others.length > 0)
    throw new Problem(
      'request.malformed',
      'an import is from a `document`, a `graphql` schema, an `mcp` server or an `a2a` agent',
    )
  const importer = [...ownImporters(parts), ...parts.importers].find(
    (each) => each.source === source,
  )
  if (!importer)
    throw new Problem('request.malformed', `this server has no import from \`${source}\``)
  const known = await findResource(parts.connections.storage.read, name)
  const plan = await (importer.from === 'server'
    ? planServer(parts, { name, known, wanted }, importer)
    : planDocument(parts, { name, known, wanted }, importer))
  return { ...plan, notes: [...changedSettings(plan.resource, known, wanted), ...plan.notes] }
}

const SOURCES = ['document', 'graphql', 'mcp', 'a2a'] as const

/** Importers of the protocols that every server knows. */
function ownImporters({ describeMcp }: Pick<ApiParts, 'describeMcp'>): readonly Importer[] {
  return [
    { from: 'document', source: 'document', plan: planImportInWorker },
    {
      from: 'server',
      source: 'mcp',
      kind: 'an MCP server',
      plan: async ({ headers, url }, options) =>
        planMcpImportInWorker(await describeMcp({ url, headers }), options),
    },
  ]
}

interface PlannedImport {
  readonly name: string
  readonly known: Resource | undefined
  readonly wanted: WantedImport
}

async function planDocument(
  parts: Pick<ApiParts, 'connections' | 'gateway' | 'issuer'>,
  { known, name, wanted }: PlannedImport,
  { behindGateway, plan, source }: DocumentImporter,
): Promise<ImportPlan> {
  const { direct, title, upstream } = wanted
  if (direct !== undefined && behindGateway !== undefined)
    throw new Problem('request.malformed', `${behindGateway} is called through the gateway`)
  if (direct !== undefined && upstream !== undefined)
    throw new Problem(
      'request.malformed',
      'an API that is called directly has one address: `direct` or `upstream`, not both',
    )
  const stays = known?.mode === 'direct' && upstream === undefined ? known.identifier : undefined
  const place = placementOf(parts, name, direct ?? stays)
  const { upstream: there = upstream } = place
  const before = await listActions(parts.connections.storage.read, name)
  return plan(wanted[source], {
    name,
    ...place,
    ...(there === undefined ? {} : { upstream: there }),
    ...(known === undefined ? {} : { upstreamBefore: known.upstream }),
    ...(title === undefined ? {} : { title }),
    ...keptSettings(wanted, known, there),
    known: knownNames(before),
    operations: before.map(operationOf),
  })
}

function operationOf({ method, name, names, path }: Action): KnownOperation {
  return { method, name, path, ...(names ? { names } : {}) }
}

async function planServer(
  parts: ApiParts,
  { known, name, wanted }: PlannedImport,
  { kind, plan, source }: ServerImporter,
): Promise<ImportPlan> {
  const { direct, title, upstream } = wanted
  if (upstream !== undefined)
    throw new Problem('request.malformed', `the upstream of ${kind} is its address`)
  if (direct !== undefined)
    throw new Problem('request.malformed', `${kind} is called through the gateway`)
  const url = checkAddress(`address of ${kind}`, wanted[source] ?? '')
  const kept = keptSettings(wanted, known, url)
  const headers = await credentialHeaders(parts, kept.connection)
  const { fetchJson } = parts
  return plan(
    { url, headers, fetchJson },
    {
      name,
      ...placementOf(parts, name),
      upstream: url,
      mappingsTrusted: known?.mappingsTrusted === true && !movesTo(known, url),
      known: knownNames(await listActions(parts.connections.storage.read, name)),
      ...(title === undefined ? {} : { title }),
      ...kept,
    },
  )
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
