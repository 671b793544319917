import type { CatalogView } from '../../catalog/catalog/index.ts'
import { challenge, METADATA_PREFIX, resourceMetadata } from '../../identity/possession/index.ts'
import { ambiguousQuery } from '../../platform/http/index.ts'
import { type Awaitable, andThen } from '../../platform/lib/pipeline.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { type OwnAnswer, PipelineEnd } from './ended.ts'
import type { LocatedRequest, ParsedRequest } from './passage.ts'
import type { GatewayPorts } from './ports.ts'
import type { ProtocolAdapter, Protocols } from './protocol.ts'

type LocatePorts = GatewayPorts & { readonly protocols: Protocols }

/** A located request, with the protocol of its resource. */
interface RequestOfProtocol extends LocatedRequest {
  readonly protocol: ProtocolAdapter
}

/**
 * Finds the resource by the first segment. Answers metadata (RFC 9728) itself, and what its protocol tells without a token. Challenges a caller
 * without a token before anything about the resource's operations is told.
 */
export function locate(strict: ParsedRequest, ports: LocatePorts): Awaitable<RequestOfProtocol> {
  return andThen(ports.catalog.current(), (catalog) => locateIn(catalog, strict, ports))
}

function locateIn(catalog: CatalogView, strict: ParsedRequest, ports: LocatePorts) {
  const { request } = strict
  const [name = '', ...segments] = request.segments
  if (name === '.well-known') {
    if (request.method === 'GET' && request.segments.slice(0, 2).join('/') === METADATA_PREFIX)
      throw new PipelineEnd(metadataAnswer(catalog, ports, request.segments.slice(2)))
    throw new Problem('resource.unknown', 'there is no resource at this path')
  }
  const resource = catalog.byIdentifier.get(`${ports.gateway}/${name}`)
  if (resource?.mode !== 'gateway') {
    throw new Problem('resource.unknown', 'no resource of that name is behind this gateway')
  }
  const protocol = ports.protocols.get(resource.protocol)
  if (!protocol) {
    throw new Problem(
      'resource.unknown',
      `this gateway does not serve the protocol of the resource, \`${resource.protocol}\``,
    )
  }
  // A line feed in an address has more than one reading, but where the protocol has texts of several lines.
  if (request.hasLines && !protocol.takesLines) {
    strict.doubt()
    throw ambiguousQuery()
  }
  const located = { ...strict, resource, segments, protocol }
  const open = protocol.answerWithoutToken?.(located, catalog, ports)
  if (open) throw new PipelineEnd(open)
  if (!request.headers.has('authorization')) {
    throw new PipelineEnd({
      status: 401,
      stranger: true,
      headers: { 'www-authenticate': challenge(resource) },
      problem: new Problem('token.missing', 'a resource token with a DPoP proof is needed'),
    })
  }
  return located
}

/** Answers `/.well-known/oauth-protected-resource/<name>` (RFC 9728 section 3). */
function metadataAnswer(
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
