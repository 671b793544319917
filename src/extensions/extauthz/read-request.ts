import {
  accessToken,
  framingFault,
  isOffered,
  rawValues,
  readTarget,
  singleHeaders,
  type Target,
} from '../../platform/http/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { GatewayCheck } from './check.ts'
import { checkHost } from './public-host.ts'

/** A checked request with one reading only. */
export interface CheckedRequest {
  readonly method: string
  readonly target: Target
  readonly headers: ReadonlyMap<string, string>
  readonly token: string | undefined
  readonly scheme: 'DPoP' | 'Bearer' | undefined
  readonly proof: string | undefined
}

/** Lists that proxies and clients write in several lines, and that decide nothing. */
const MAY_REPEAT: ReadonlySet<string> = new Set(['cookie', 'forwarded', 'via', 'x-forwarded-for'])

/**
 * Headers by which some API servers take another method or path than the request line. Remit's own
 * gateway forwards none of them; other gateways forward what comes.
 */
const OVERRIDES: ReadonlySet<string> = new Set([
  'x-accel-redirect',
  'x-envoy-original-method',
  'x-envoy-original-path',
  'x-forwarded-method',
  'x-forwarded-path',
  'x-forwarded-prefix',
  'x-forwarded-uri',
  'x-http-method',
  'x-http-method-override',
  'x-method',
  'x-method-override',
  'x-original-method',
  'x-original-uri',
  'x-original-url',
  'x-rewrite-url',
  'x-script-name',
])

export const DECISION = 'remit-decision'
export const TRANSACTION_TOKEN = 'txn-token'
/** Headers of ours, which every configuration sets or removes. Others of ours a gateway may not know. */
export const OWN: readonly string[] = [
  DECISION,
  'remit-answer',
  'remit-body',
  'remit-enforcer',
  'remit-problem',
]

/** Names that some servers believe. Some servers read `X_Forwarded_Uri` as one of them (CVE-2026-39858). */
const BELIEVED =
  /^(?:remit-|mcp-|x-forwarded-|x-original-|x-rewrite-|x-envoy-|x-http-|x-method|x-host|x-accel-|x-script-|x-real-|txn-|content-|transfer-|proxy-|client-cert)/

/**
 * Reads a request in the one way every server would read it, or refuses it. Nothing is normalised:
 * what the API behind the gateway could read differently is turned away. `identifier`: of the API.
 * @throws Problem `request.…`
 */
export function readCheckedRequest(
  { host, leavesPort, method, rawHeaders, target }: GatewayCheck,
  identifier: string,
): CheckedRequest {
  if (!isOffered(method))
    throw new Problem('request.method_not_allowed', `\`${method}\` is not offered`)
  const headers = singleHeaders(rawHeaders, MAY_REPEAT)
  const fault = headers.has('upgrade')
    ? 'upgrade is not offered'
    : framingFault(rawValues(rawHeaders))
  if (fault) throw new Problem('request.bad_header', fault)
  for (const name of headers.keys()) {
    const isAlias = name.includes('_') && BELIEVED.test(name.replaceAll('_', '-'))
    if (isAlias || OVERRIDES.has(name) || (name.startsWith('remit-') && !OWN.includes(name)))
      throw new Problem('request.bad_header', `header \`${name}\` is not accepted from callers`)
  }
  checkHost({ host, leavesPort, headers }, identifier)
  const [scheme, token] = accessToken(headers.get('authorization'))
  return { method, target: readTarget(target), headers, token, scheme, proof: headers.get('dpop') }
}
