import { typeArguments as typed } from '../../catalog/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { Read, TypedRequest } from './passage.ts'

/** Arguments as the catalog types them; what it does not know is refused. */
export function typeArguments(read: Read): TypedRequest {
  const { action, body, pathArguments, request } = read
  const result = typed(action, { path: pathArguments, query: request.query, body })
  if (!result.ok) {
    throw new Problem(result.reason, result.detail, { members: { pointer: result.pointer } })
  }
  return { ...read, arguments: result.arguments }
}
