import { Problem } from '../../lib/problem.ts'
import { refuseStranger } from '../check-caller.ts'
import type { LocatedRequest } from '../passage.ts'
import type { GatewayPorts } from '../ports.ts'
import { readBody } from '../read-body.ts'
import type { TypedFields } from './decide.ts'

/**
 * Reads the operation, and types each root field. INVARIANT: nobody is told anything of the schema, and nothing costly is done, for a
 * caller without a credential that holds.
 * @throws Problem `graphql.…`, `action.unknown`, `arguments.…`, and what reading a JSON body throws
 */
export async function takeOperation(
  located: LocatedRequest,
  ports: GatewayPorts,
): Promise<TypedFields> {
  const { message, request, resource, segments } = located
  if (segments.length > 0)
    throw new Problem('action.unknown', `\`${resource.name}\` has one address`)
  if (request.method !== 'POST' || request.query.length > 0)
    throw unsupported('an operation is sent as the body of a POST, without a query')
  await refuseStranger(located, ports)
  const body = await readBody(message, request)
  const actions = (await ports.catalog.current()).actionsOf(resource.name)
  // Loaded with the first operation: most servers have no GraphQL API.
  const { fieldCall, operationIn } = await import('../../graphql/index.ts')
  const operation = operationIn(actions, body)
  const calls = operation.fields.map((field) => fieldCall(field, actions))
  if (resource.trusted && calls.length > 1)
    throw unsupported(
      'a trusted API takes one root field: its transaction token is about one action',
    )
  return { ...located, operation, calls }
}

function unsupported(why: string): Problem {
  return new Problem('graphql.unsupported', why)
}
