import { checkCaller, endCall, tellRefusal, type Verdict } from '../../calls/calls/index.ts'
import {
  decideDirect,
  directCall,
  directMatch,
  directResource,
  type RefusalAnswer,
} from '../../calls/direct-calls/index.ts'
import { bodyKind } from '../../catalog/argument-types/index.ts'
import type { Action, Resource } from '../../catalog/catalog/index.ts'
import type { MachineClient } from '../../identity/machine-clients/index.ts'
import { parseBody } from '../../platform/bodies/index.ts'
import { decidedHeaders } from '../../platform/http/index.ts'
import { onProblem, Problem } from '../../platform/lib/problem.ts'
import type { Call } from '../../tasks/facts/index.ts'
import type { CheckAnswer, CheckedBody, GatewayCheck, UpstreamHeaders } from './check.ts'
import type { ExtAuthzPorts } from './ports.ts'
import { type CheckedRequest, readCheckedRequest } from './read-request.ts'
import { upstreamHeaders } from './upstream-headers.ts'

/**
 * Answers whether a gateway may let a request through to the API that it enforces for, decided
 * exactly as Remit's own gateway decides. A permit is on record before it is told.
 * @throws a failure of ours; nothing is permitted then
 */
export async function answerCheck(
  ports: ExtAuthzPorts,
  enforcer: MachineClient<'enforcer'>,
  check: GatewayCheck,
): Promise<CheckAnswer> {
  return decideCheck(ports, enforcer, check).catch(
    onProblem((problem) => ({ status: problem.status, headers: {}, problem })),
  )
}

async function decideCheck(
  ports: ExtAuthzPorts,
  enforcer: MachineClient<'enforcer'>,
  check: GatewayCheck,
): Promise<CheckAnswer> {
  const { decisions } = ports
  const resource = await directResource(decisions, enforcer.settings.resource)
  const request = readCheckedRequest(check, resource.identifier)
  const { ip } = check
  const call = await readCall(ports, { check, request, resource }).catch(async (error: unknown) => {
    // INVARIANT: paths, names and types of operations are told only to a caller whose credential holds.
    const isTold = error instanceof Problem && error.status < 500
    const refused = isTold && (await refusedStranger(ports, { ip, request, resource }))
    if (refused) return refused
    throw error
  })
  if ('problem' in call) return call
  const verdict = await decideDirect(decisions, call)
  return 'problem' in verdict ? verdict : permitted(ports, { check, resource, verdict })
}

/** The call that a gateway asks about, or the refusal of its sender. */
async function readCall(
  ports: ExtAuthzPorts,
  of: {
    readonly check: GatewayCheck
    readonly request: CheckedRequest
    readonly resource: Resource
  },
): Promise<Call | RefusalAnswer> {
  const { decisions } = ports
  const { check, request, resource } = of
  const { action } = await directMatch(decisions, resource, request)
  const { body, ip } = check
  if (body.kind === 'unseen' || body.isPending) {
    const refused = await refusedStranger(ports, { action, ip, request, resource })
    if (refused) return refused
  }
  if (body.kind === 'unseen') throw unseen(action, body)
  const { headers, method, proof, scheme, target, token } = request
  const kind = bodyKind(action.arguments.body)
  return directCall(decisions, resource, {
    ...{ token, scheme, proof, method, target },
    headers: decidedHeaders(headers),
    body: await parseBody(await body.read(), headers.get('content-type'), kind),
    origin: { ip },
    // Nothing here sees the answer of the API.
    doable: [],
  })
}

/** Refuses a caller who does not pass gates 1 and 2, before a body is read or anything is told of the action. */
async function refusedStranger(
  { decisions }: ExtAuthzPorts,
  of: {
    readonly action?: Action
    readonly ip: string
    readonly request: CheckedRequest
    readonly resource: Resource
  },
): Promise<RefusalAnswer | undefined> {
  const { action, ip, request, resource } = of
  const { method, proof, scheme, target, token } = request
  const { origin } = new URL(resource.identifier)
  const caller = await checkCaller(decisions, {
    ...{ token, scheme, proof, method },
    url: origin + target.path,
    nonces: true,
    resource,
    ...(action ? { action } : {}),
    origin: { ip },
  })
  return caller.outcome === 'deny'
    ? tellRefusal(decisions, caller, { origin, resource })
    : undefined
}

/** The call is on record: whatever happens from here on is its outcome. */
async function permitted(
  ports: ExtAuthzPorts,
  of: {
    readonly check: GatewayCheck
    readonly resource: Resource
    readonly verdict: Verdict<'permit'>
  },
): Promise<UpstreamHeaders> {
  const { check, resource, verdict } = of
  try {
    const headers = await upstreamHeaders(ports, resource, verdict)
    if (!check.isGone()) return headers
    throw new Problem('request.incomplete', 'the gateway no longer waits for the answer')
  } catch (error) {
    const reason = error instanceof Problem ? error.code : 'server.failed'
    await endCall(ports.decisions, verdict.decisionId, { state: 'not_sent', reason })
    throw error
  }
}

/**
 * INVARIANT: rules about arguments that are not seen deny. Where the gateway left out what it has to
 * say, its operator is told: the configuration of an earlier version did not say it.
 */
function unseen(
  { arguments: schema, name }: Action,
  { missing }: Extract<CheckedBody, { kind: 'unseen' }>,
): Problem {
  const names = schema.arguments.filter(({ place }) => place === 'body').map((each) => each.name)
  const rules =
    names.length === 0
      ? `\`${name}\` has no body, and one may have been sent`
      : `rules about ${names.map((each) => `\`${each}\``).join(', ')} could not be evaluated`
  const why =
    missing === undefined
      ? 'the gateway did not send the whole body'
      : `the gateway did not say that there is no body (its configuration has to, by ${missing})`
  return new Problem('arguments.unseen', `${why}: ${rules}`, { members: { arguments: names } })
}
