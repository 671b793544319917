import { decideCall } from '../../../calls/calls/index.ts'
import { decidedHeaders } from '../../../platform/http/index.ts'
import { configuredUrl } from '../../../platform/lib/client-url.ts'
import { admitsJson, RESHAPING } from '../../../policy/obligations/index.ts'
import { PipelineEnd } from '../ended.ts'
import type { GatewayPorts } from '../ports.ts'
import { presented } from '../presented.ts'
import { refusalAnswer } from '../refusal.ts'
import { buildTarget } from '../strict-request.ts'
import type { PermittedRequest, TypedRequest } from './call-steps.ts'

/** Asks `calls/`. A refusal ends the call with the reason, the decision's id and what would be enough. */
export async function decide(typed: TypedRequest, ports: GatewayPorts): Promise<PermittedRequest> {
  const { action, body, request, resource, segments } = typed
  const passedOn = decidedHeaders(request.headers)
  const base = configuredUrl(resource.upstream).pathname
  const path = buildTarget(base === '/' ? '' : base, segments, [])
  const verdict = await decideCall(ports.decisions, {
    ...presented(typed, ports),
    resource,
    action,
    arguments: typed.arguments,
    sent: { method: request.method, path, query: request.query, headers: passedOn, body },
    origin: { ip: typed.ip },
    // What cannot be read when it comes is not sent for.
    doable: admitsJson(request.headers.get('accept')) ? RESHAPING : [],
  })
  typed.waits()
  if (verdict.outcome !== 'permit') throw new PipelineEnd(refusalAnswer(verdict, resource, ports))
  return { ...typed, verdict, passedOn, path }
}
