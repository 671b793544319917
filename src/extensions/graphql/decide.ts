import { decideCall, type Verdict } from '../../calls/calls/index.ts'
import {
  endCalls,
  type GatewayPorts,
  type LocatedRequest,
  type PermittedRequest,
  PipelineEnd,
  presented,
  refusalAnswer,
} from '../../edges/gateway/index.ts'
import { decidedHeaders } from '../../platform/http/index.ts'
import { admitsJson, RESHAPING } from '../../policy/obligations/index.ts'
import type { RootFieldCall } from './field-calls.ts'
import type { GraphqlOperation } from './operation.ts'

/** A request once its operation is read and typed. */
export interface TypedFields extends LocatedRequest {
  operation: GraphqlOperation
  /** At least one. */
  calls: readonly RootFieldCall[]
}

/**
 * Decides each root field as a call of its own, one after the other. INVARIANT: all of them are permitted, or nothing is sent; permits
 * that were given before a refusalAnswer end as not sent, which gives back what they used.
 */
export async function decideFields(
  typed: TypedFields,
  ports: GatewayPorts,
): Promise<PermittedRequest> {
  const permits: Verdict<'permit'>[] = []
  const [first] = typed.calls
  if (!first) throw new Error('an operation has no field')
  for (const call of typed.calls) {
    const verdict = await decideField(typed, call, { ports, before: permits[0] }).catch(
      async (error: unknown) => {
        await endCalls(ports, permits, { state: 'not_sent', reason: 'server.failed' })
        throw error
      },
    )
    if (verdict.outcome !== 'permit') {
      const reason = 'reason' in verdict ? verdict.reason : 'approval.executed'
      await endCalls(ports, permits, { state: 'not_sent', reason })
      throw new PipelineEnd(refusalAnswer(verdict, typed.resource, ports))
    }
    permits.push(verdict)
  }
  const [verdict, ...others] = permits
  if (!verdict) throw new Error('an operation was permitted without a permit')
  return {
    ...typed,
    ...first,
    pathArguments: new Map(),
    body: typed.operation.body,
    // However it came, the decided operation is written as the body of a POST.
    request: { ...typed.request, method: 'POST', query: [] },
    ...{
      verdict,
      others,
      passedOn: decidedHeaders(typed.request.headers),
      path: upstreamPath(typed),
    },
  }
}

function decideField(
  typed: TypedFields,
  { action, arguments: given }: RootFieldCall,
  {
    before,
    ports,
  }: { readonly ports: GatewayPorts; readonly before: Verdict<'permit'> | undefined },
): Promise<Verdict> {
  const { ip, operation, request, resource } = typed
  // What policies would change in an answer is found by the names of the schema, which aliases replace.
  const canReshape = admitsJson(request.headers.get('accept')) && !operation.hasAliases
  const call = {
    ...presented(typed, ports),
    ...{ resource, action, arguments: given, origin: { ip } },
    sent: {
      ...{
        method: action.method,
        path: action.path,
        query: [],
        headers: decidedHeaders(request.headers),
      },
      body: operation.body,
    },
    doable: canReshape ? RESHAPING : [],
  }
  return decideCall(ports.decisions, call, before)
}

function upstreamPath({ resource }: TypedFields): string {
  return new URL(resource.upstream).pathname
}
