import { lookup as systemLookup } from 'node:dns/promises'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { Problem } from '../lib/problem.ts'
import { type AddressClass, addressClass } from './address.ts'

/** Finds every address of a host name. Rejects when there is none. */
export type Resolver = (
  host: string,
) => Promise<readonly { readonly address: string; readonly family: number }[]>

export const systemResolver: Resolver = (host) =>
  systemLookup(host, { all: true, order: 'verbatim' })

/**
 * Checks whether an administrator registered this origin (`scheme://host[:port]`, as `URL.origin`
 * prints it).
 */
export type AllowOrigin = (origin: string) => boolean

const CONNECT_TIMEOUT_MS = 5_000

/**
 * Opens connections to addresses that were checked, never to names.
 * Registered origins may use plain HTTP, literal addresses and private networks; all others are HTTPS to global names.
 * INVARIANT: the addresses judged are the addresses connected to; the name is resolved once per connection, so an
 * answer that changes between check and use (DNS rebinding) is never used.
 */
export function checkedConnector(
  allowOrigin: AllowOrigin,
  resolve: Resolver,
): buildConnector.connector {
  const options = { allowH2: false, timeout: CONNECT_TIMEOUT_MS }
  const registered = buildConnector({
    ...options,
    lookup: checkedLookup(resolve, ['global', 'private']),
  })
  const foreign = buildConnector({ ...options, lookup: checkedLookup(resolve, ['global']) })
  return (target, callback) => {
    const refusal = refusalOf(target, allowOrigin)
    if (refusal) {
      callback(new Problem('outbound.refused', refusal), null)
      return
    }
    const open = allowOrigin(originOf(target)) ? registered : foreign
    open(target, callback)
  }
}

function originOf(target: buildConnector.Options): string {
  return `${target.protocol}//${target.host ?? target.hostname}`
}

/**
 * Reason to refuse a target before any name is resolved. Literal addresses never reach the lookup.
 */
function refusalOf(target: buildConnector.Options, allowOrigin: AllowOrigin): string | undefined {
  const host = target.hostname.replace(/^\[|\]$/g, '')
  const literal = isIP(host) !== 0
  if (!allowOrigin(originOf(target))) {
    if (target.protocol !== 'https:')
      return 'only https is allowed to origins that are not registered'
    if (literal) return `\`${host}\` is an address; only registered origins may be addresses`
  }
  return literal && addressClass(host) === 'never' ? notAllowed(host, host) : undefined
}

function checkedLookup(resolve: Resolver, allowed: readonly AddressClass[]): LookupFunction {
  return (host, options, callback) => {
    resolve(host).then(
      (found) => {
        const [first] = found
        const bad = found.find(({ address }) => !allowed.includes(addressClass(address)))
        if (bad) callback(new Problem('outbound.refused', notAllowed(host, bad.address)), '')
        else if (!first)
          callback(new Problem('outbound.unreachable', `\`${host}\` has no address`), '')
        else if (options.all) callback(null, [...found])
        else callback(null, first.address, first.family)
      },
      (cause) =>
        callback(
          new Problem('outbound.unreachable', `\`${host}\` does not resolve`, { cause }),
          '',
        ),
    )
  }
}

function notAllowed(host: string, address: string): string {
  return `\`${host}\` leads to ${address}, which may not be reached from here`
}
