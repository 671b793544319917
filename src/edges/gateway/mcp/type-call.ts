import { toolError } from '../../../calls/mcp-messages/index.ts'
import { argumentsSoFar, COMPLETE, typeArguments } from '../../../catalog/argument-types/index.ts'
import { isObject, type JsonObject } from '../../../platform/lib/json.ts'
import { STATELESS_REVISION } from '../../../platform/net/index.ts'
import { admitted } from './admitted.ts'
import type { ResolvedCall, TypedCall } from './call-steps.ts'
import { badParams, isGiven, unknownAction } from './find-action.ts'
import type { McpPorts } from './ports.ts'
import { headerContradiction } from './stateless/header-parameters.ts'
import { mismatch } from './stateless/requests.ts'

const NOTHING: JsonObject = new Map()

function bodyOf({ action, params, rpc }: ResolvedCall): JsonObject {
  if (rpc.method === COMPLETE) return argumentsSoFar(action, params)
  const given = params.get('arguments')
  return rpc.method.startsWith('resources/') ? params : isObject(given) ? given : NOTHING
}

/**
 * Gives arguments the types of the catalog. Arguments that it does not know are refused; that is
 * told only to a caller who may ask at all.
 */
export async function typeCall(found: ResolvedCall, ports: McpPorts): Promise<TypedCall> {
  const { action, conversation, rpc, params } = found
  const given = params.get('arguments')
  const body = bodyOf(found)
  const result = typeArguments(action, { path: new Map(), query: [], body })
  const contradicted =
    conversation.revision === STATELESS_REVISION && !found.deferred
      ? headerContradiction(action, given, found.request)
      : undefined
  if (result.ok && !contradicted) return { ...found, arguments: result.arguments }
  const { task } = await admitted(found, ports)
  // What its arguments are is as hidden as that it is there.
  if (!(await isGiven(found, task.id, ports))) throw unknownAction(found)
  if (contradicted) throw mismatch(rpc, contradicted)
  const detail = result.ok ? '' : result.detail
  // A model corrects what a tool tells it, and gives up at an error of the protocol (revision 2025-11-25, "Error Handling").
  if (rpc.method === 'tools/call')
    throw toolError(rpc.id, `Not executed: ${detail}. Correct the arguments and call again.`)
  throw badParams(rpc.id, detail)
}
