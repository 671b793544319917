import type { CatalogView } from '../../catalog/catalog/index.ts'
import { resourceMetadata } from '../../identity/possession/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { OwnAnswer } from './ended.ts'
import type { GatewayPorts } from './ports.ts'

/** Answers `/.well-known/oauth-protected-resource/<name>` (RFC 9728 section 3). */
export function metadataAnswer(
  catalog: CatalogView,
  ports: Pick<GatewayPorts, 'certificates' | 'gateway' | 'issuer'>,
  path: readonly string[],
): OwnAnswer {
  const resource =
    path.length === 1 ? catalog.byIdentifier.get(`${ports.gateway}/${path[0]}`) : undefined
  if (!resource)
    throw new Problem('resource.unknown', 'no resource of that name is behind this gateway')
  const scopes = catalog.at(resource.identifier).actions.map((action) => action.name)
  return { status: 200, body: resourceMetadata(resource, ports, scopes) }
}
