import type { IncomingMessage } from 'node:http'
import { Problem } from '../lib/problem.ts'
import { doubt, framingFault, rawValues } from './inbound/framing.ts'
import { LIMITS } from './limits.ts'

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS'])
const METHODS = new Set([...SAFE, 'POST', 'PUT', 'PATCH', 'DELETE'])

/**
 * Paths that are served under any host name: orchestrators ask under whatever name the machine has,
 * and the answers reveal nothing that is worth rebinding for.
 */
const ANY_HOST = new Set(['/livez', '/readyz'])

/** The path of a request target, without its query. */
export function pathOf(target: string): string {
  const at = target.indexOf('?')
  return at < 0 ? target : target.slice(0, at)
}

function checkTarget(request: IncomingMessage): void {
  const target = request.url ?? ''
  if (target.length > LIMITS.targetLength) {
    throw new Problem('request.target_too_long', `at most ${LIMITS.targetLength} characters`)
  }
  // Origin form in printable ASCII without `#` and `\`: a proxy or a browser cannot read it in a second way.
  if (!/^\/[\x21\x22\x24-\x5b\x5d-\x7e]*$/.test(target)) {
    throw new Problem('request.ambiguous_target', 'the target is not a plain path and query')
  }
  if (/\/\/|\/\.{1,2}(?:\/|$)|%(?:2e|2f|5c|0|1|7f)/i.test(pathOf(target))) {
    throw new Problem('request.ambiguous_target', 'the path has empty or dot segments')
  }
}

function checkFraming(request: IncomingMessage): void {
  const fault = framingFault(rawValues(request.rawHeaders))
  if (!fault) return
  doubt(request)
  throw new Problem('request.bad_header', fault)
}

function checkHost(request: IncomingMessage, host: string): void {
  if (ANY_HOST.has(pathOf(request.url ?? ''))) return
  if (request.headers.host?.toLowerCase() !== host) {
    throw new Problem('request.wrong_host', `this server answers as ${host}`)
  }
}

/**
 * Tells whether a browser says that the request was made by a page of ours. `undefined`: nothing
 * says anything, as with every client that is no browser. With `Referrer-Policy: no-referrer`
 * browsers send `Origin: null` with our own forms (Fetch standard, "append a request Origin
 * header"), so there `Sec-Fetch-Site` decides.
 */
export function fromOwnPage(request: IncomingMessage, origin: string): boolean | undefined {
  const site = request.headers['sec-fetch-site']
  const sent = request.headers.origin
  if (site !== undefined && site !== 'same-origin') return false
  if (sent !== undefined && sent !== 'null') return sent === origin
  if (site === 'same-origin') return true
  return sent === 'null' ? false : undefined
}

/**
 * Makes the check that every request must pass before any handler sees it: a plain target, our own
 * name, one credential at most, a known method, and for everything that may change something, no
 * sign that another site caused it. The returned function throws `Problem('request.…')`.
 */
export function requestGate(origin: string): (request: IncomingMessage) => void {
  const { host } = new URL(origin)
  return (request) => {
    checkTarget(request)
    checkFraming(request)
    checkHost(request, host)
    const method = request.method ?? ''
    if (!METHODS.has(method)) {
      throw new Problem('request.method_not_allowed', `\`${method}\` is not offered`)
    }
    if (!SAFE.has(method) && fromOwnPage(request, origin) === false) {
      throw new Problem('request.cross_site', 'changes are accepted from our own pages only')
    }
  }
}
