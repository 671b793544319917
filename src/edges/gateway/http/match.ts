import { matchAction } from '@remit/engine'
import { typeArguments as typed } from '../../../catalog/argument-types/index.ts'
import { type Awaitable, andThen } from '../../../platform/lib/pipeline.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { LocatedRequest } from '../passage.ts'
import type { GatewayPorts } from '../ports.ts'
import type { MatchedRequest, ReadCall, TypedRequest } from './call-steps.ts'

/** The action by method and the rest of the path. */
export function match(located: LocatedRequest, ports: GatewayPorts): Awaitable<MatchedRequest> {
  const { request, resource, segments } = located
  return andThen(ports.catalog.current(), (catalog) => {
    const found = matchAction(catalog.actionsOf(resource.name), request.method, segments)
    if (found) return { ...located, action: found.action, pathArguments: found.path }
    const why = `\`${resource.name}\` has no operation for this method and path`
    throw new Problem('action.unknown', why)
  })
}

/** Gives arguments the types of the catalog; arguments that it does not know are refused. */
export function typeRequest(read: ReadCall): TypedRequest {
  const { action, body, pathArguments, request } = read
  const result = typed(action, { path: pathArguments, query: request.query, body })
  if (!result.ok) {
    throw new Problem(result.reason, result.detail, { members: { pointer: result.pointer } })
  }
  return { ...read, arguments: result.arguments }
}
