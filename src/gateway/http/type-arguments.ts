import { typeArguments as typed } from '../../argument-types/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { Read, TypedRequest } from './call-steps.ts'

/** Gives arguments the types of the catalog; arguments that it does not know are refused. */
export function typeArguments(read: Read): TypedRequest {
  const { action, body, pathArguments, request } = read
  const result = typed(action, { path: pathArguments, query: request.query, body })
  if (!result.ok) {
    throw new Problem(result.reason, result.detail, { members: { pointer: result.pointer } })
  }
  return { ...read, arguments: result.arguments }
}
