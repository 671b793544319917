import { decideCall } from '../decisions/index.ts'
import { Ended } from './ended.ts'
import type { Permitted, Typed } from './passage.ts'
import type { GatewayPorts } from './ports.ts'
import { refusal } from './refusal.ts'
import { buildTarget } from './strict-request.ts'

/** What of the caller's headers goes on. Part of the call that is decided, shown and hashed. */
const PASSED_ON = [
  'accept',
  'accept-language',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'prefer',
]

/** Asks `decisions/`. A refusal ends the call with the reason, the decision's id and what would be enough. */
export async function decide(typed: Typed, ports: GatewayPorts): Promise<Permitted> {
  const { action, body, request, resource, segments } = typed
  const passedOn = PASSED_ON.flatMap((name) => {
    const value = request.headers.get(name)
    return value === undefined ? [] : [[name, value] as const]
  })
  const base = new URL(resource.upstream)
  const path = buildTarget(base.pathname === '/' ? '' : base.pathname, segments, [])
  const [scheme, token] = credentialOf(request.headers.get('authorization') ?? '')
  const verdict = await decideCall(ports.decisions, {
    token,
    scheme,
    proof: request.headers.get('dpop'),
    method: request.method,
    url: ports.gateway + request.path,
    resource,
    action,
    arguments: typed.arguments,
    sent: { method: request.method, path, query: request.query, headers: passedOn, body },
    origin: { ip: typed.ip },
  })
  if (verdict.outcome !== 'permit') throw new Ended(refusal(verdict, resource.identifier))
  return { ...typed, verdict, passedOn, path }
}

/** `DPoP <token>` or `Bearer <token>`, the scheme in any case (RFC 9110 section 11.1), one space, nothing else. */
function credentialOf(
  header: string,
): [scheme: 'DPoP' | 'Bearer' | undefined, token: string | undefined] {
  const match = /^(dpop|bearer) ([A-Za-z0-9._~+/=-]+)$/i.exec(header)
  if (!match?.[1]) return [undefined, undefined]
  return [match[1].toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', match[2]]
}
