import { Problem } from '../../platform/lib/problem.ts'

/** Headers in which some API servers look for the host of a request before they look at `Host`. */
const HOSTS: readonly string[] = [
  'x-envoy-original-host',
  'x-forwarded-host',
  'x-host',
  'x-http-host-override',
  'x-original-host',
]

/** One parameter of `Forwarded`, or none, with what ends it (RFC 7239 section 4). */
const PARAMETER = /[ \t]*(?:([\w-]+)=(?:"([^"\\]*)"|([^\s",;]*)))?[ \t]*([;,]|$)/y

/** Host that a request names, and what other hosts its caller names beside it. */
export interface NamedHosts {
  /** `Host` or `:authority`. */
  readonly host: string
  /** True when a gateway tells it without its port. */
  readonly leavesPort: boolean
  /** Headers by lower-case names. */
  readonly headers: ReadonlyMap<string, string>
}

/**
 * Checks that a request is for the public address of its API. INVARIANT: the host is part of the call:
 * an API that serves several by their host acts for the one whose address token, proof and decision name.
 * @throws Problem `request.wrong_host`, `request.bad_header`
 */
export function checkHost({ headers, host, leavesPort }: NamedHosts, identifier: string): void {
  const own = new URL(identifier)
  const whole = own.port === '' ? `${own.host}:${own.protocol === 'https:' ? 443 : 80}` : own.host
  const isOwn = (named: string) => [own.host, whole].includes(named.trim().toLowerCase())
  if (!(isOwn(host) || (leavesPort && host.toLowerCase() === own.hostname)))
    throw new Problem('request.wrong_host', `the host of the request is not \`${own.host}\``)
  for (const name of HOSTS)
    if (headers.get(name)?.split(',').every(isOwn) === false)
      throw new Problem('request.bad_header', `header \`${name}\` names another host`)
  if (!forwardedHosts(headers.get('forwarded') ?? '')?.every(isOwn))
    throw new Problem('request.bad_header', 'header `forwarded` names another host')
}

/** Lists the hosts in a `Forwarded`; `undefined` where it can be read in two ways. */
function forwardedHosts(value: string): readonly string[] | undefined {
  const hosts: string[] = []
  const parameter = new RegExp(PARAMETER)
  while (parameter.lastIndex < value.length) {
    const [, name, quoted, token = ''] = parameter.exec(value) ?? []
    if (parameter.lastIndex === 0) return undefined
    if (name?.toLowerCase() === 'host') hosts.push(quoted ?? token)
  }
  return hosts
}
