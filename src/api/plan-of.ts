import { checkAddress, type ImportPlan, planImportAside, planMcpImport } from '../catalog/index.ts'
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
  const { document, mcp, ...rest } = wanted
  const options = { name, identifier: `${parts.gateway}/${name}`, ...rest }
  if ((document === undefined) === (mcp === undefined))
    throw new Problem('request.malformed', 'an import is from a `document` or from an `mcp` server')
  if (mcp === undefined) return planImportAside({ document, options })
  if (rest.upstream !== undefined)
    throw new Problem('request.malformed', 'the upstream of an MCP server is its address')
  const url = checkAddress('address of the MCP server', mcp)
  const headers = await credentialHeaders(parts, rest.connection)
  return planMcpImport(await parts.describeMcp({ url, headers }), { ...options, upstream: url })
}

async function credentialHeaders(
  parts: ApiParts,
  connection: string | undefined,
): Promise<Readonly<Record<string, string>>> {
  if (connection === undefined) return {}
  const { header, value } = await credentialFor(parts.connections, connection)
  return { [header]: value.reveal() }
}
