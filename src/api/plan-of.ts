import {
  checkAddress,
  type ImportPlan,
  knownNames,
  listActions,
  planImportAside,
  planMcpImportAside,
} from '../catalog/index.ts'
import { credentialFor } from '../connections/index.ts'
import { Problem } from '../lib/problem.ts'
import type { ApiParts } from './parts.ts'

interface WantedImport {
  readonly document?: unknown
  readonly mcp?: string
  readonly upstream?: string
  readonly title?: string
  readonly trusted?: boolean
  readonly connection?: string
  /** Public address of an API that is not behind the gateway. */
  readonly direct?: string
}

/**
 * What an import would change: from the document that was sent, or from what the MCP server answers now. Only the address that the
 * administrator gave is asked, and no redirect is followed.
 */
export async function planOf(
  parts: ApiParts,
  name: string,
  wanted: WantedImport,
): Promise<ImportPlan> {
  const { direct, document, mcp, ...rest } = wanted
  const options = { name, ...placeOf(parts, name, direct), ...rest }
  if ((document === undefined) === (mcp === undefined))
    throw new Problem('request.malformed', 'an import is from a `document` or from an `mcp` server')
  if (mcp === undefined) return planImportAside({ document, options })
  if (rest.upstream !== undefined)
    throw new Problem('request.malformed', 'the upstream of an MCP server is its address')
  if (direct !== undefined)
    throw new Problem('request.malformed', 'an MCP server is called through the gateway')
  const url = checkAddress('address of the MCP server', mcp)
  const headers = await credentialHeaders(parts, rest.connection)
  const description = await parts.describeMcp({ url, headers })
  const known = knownNames(await listActions(parts.connections.storage.read, name))
  return planMcpImportAside({ description, options: { ...options, upstream: url, known } })
}

/** Behind the gateway, or at an address of its own, where it asks about each call by itself. */
function placeOf(parts: Pick<ApiParts, 'gateway' | 'issuer'>, name: string, direct?: string) {
  if (direct === undefined) return { identifier: `${parts.gateway}/${name}` }
  const ours = [parts.gateway, parts.issuer]
  if (ours.some((own) => direct === own || direct.startsWith(`${own}/`)))
    throw new Problem('catalog.bad_resource', 'the direct address is one of Remit itself')
  return { identifier: direct, mode: 'direct', upstream: direct } as const
}

async function credentialHeaders(
  parts: ApiParts,
  connection: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (connection === undefined) return {}
  const { header, value } = await credentialFor(parts.connections, connection)
  return { [header]: value.reveal() }
}
