import { type ActionMatch, matchAction } from '@remit/engine'
import { typeArguments } from '../../catalog/argument-types/index.ts'
import type { Action, Resource } from '../../catalog/catalog/index.ts'
import type { Json } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Call } from '../../tasks/facts/index.ts'
import type { CallParts } from '../calls/index.ts'

/** A request to an API that agents call at its own address, read in the one way there is. */
export interface DirectRequest
  extends Pick<
    Call,
    'token' | 'scheme' | 'proof' | 'certificate' | 'method' | 'origin' | 'doable'
  > {
  readonly target: {
    readonly path: string
    readonly segments: readonly string[]
    readonly query: Call['sent']['query']
  }
  readonly headers: Call['sent']['headers']
  readonly body: Json | undefined
}

type CatalogPart = Pick<CallParts, 'catalog'>

/** The API, as the catalog has it now. @throws Problem `resource.unknown`, `client.not_direct` */
export async function directResource({ catalog }: CatalogPart, name: string): Promise<Resource> {
  const resource = (await catalog.current()).resources.get(name)
  if (!resource) throw new Problem('resource.unknown', 'the API is not in the catalog')
  if (resource.mode !== 'direct')
    throw new Problem('client.not_direct', 'calls to the API go through the gateway')
  return resource
}

/** The action of a request below the API's own address. @throws Problem `action.unknown` */
export async function directMatch(
  { catalog }: CatalogPart,
  resource: Resource,
  { method, target }: Pick<DirectRequest, 'method' | 'target'>,
): Promise<ActionMatch<Action>> {
  const base = new URL(resource.identifier).pathname.split('/').filter((part) => part !== '')
  const isBelow = base.every((part, i) => target.segments[i] === part)
  const actions = (await catalog.current()).actionsOf(resource.name)
  const found = isBelow && matchAction(actions, method, target.segments.slice(base.length))
  if (found) return found
  throw new Problem(
    'action.unknown',
    `\`${resource.name}\` has no operation for this method and path`,
  )
}

/**
 * The call that a request to an API is, typed exactly as the gateway does it.
 * @throws Problem `action.unknown`, `arguments.…`: the agent is to be told
 */
export async function directCall(
  parts: CatalogPart,
  resource: Resource,
  request: DirectRequest,
): Promise<Call> {
  const { body, headers, method, target, ...by } = request
  const { path, query } = target
  const { action, path: inPath } = await directMatch(parts, resource, request)
  const typed = typeArguments(action, { path: inPath, query, body })
  if (!typed.ok)
    throw new Problem(typed.reason, typed.detail, { members: { pointer: typed.pointer } })
  return {
    ...by,
    method,
    url: new URL(resource.identifier).origin + path,
    resource,
    action,
    arguments: typed.arguments,
    sent: { method, path, query, headers, body },
    nonces: true,
  }
}
