import type { Operator } from '@remit/engine'
import { claimName, MAX_TESTS } from './claim-test.ts'
import { issuerMembers, readIssuerAddress } from './read-keys.ts'
import { readTest } from './read-rules.ts'
import { type AccessMapping, badTrustedIssuer, type DetailRule } from './trusted-issuer.ts'

const TYPES = ['at+jwt', 'JWT', ''] as const

/**
 * `{provider, subject?, typ?, actor?, details?, introspection?: {url, client_id}}` as it was sent; `null` where none are accepted.
 * Throws `issuer.bad`.
 */
export function readAccess(value: unknown, reach: { loopback: boolean }): AccessMapping | null {
  if (value === null) return null
  const {
    actor = 'client',
    details = [],
    introspection = null,
    provider,
    subject = 'sub',
    typ = ['at+jwt'],
    ...more
  } = issuerMembers(value)
  if (Object.keys(more).length > 0) throw badTrustedIssuer('`access` has an unknown member')
  if (typeof provider !== 'string' || provider === '')
    throw badTrustedIssuer('`provider` is the identity provider whose people the tokens speak for')
  if (typeof subject !== 'string' || !claimName(subject))
    throw badTrustedIssuer('`subject` names a claim')
  const types = TYPES.filter((one) => Array.isArray(typ) && typ.includes(one))
  if (!Array.isArray(typ) || types.length === 0 || types.length !== typ.length)
    throw badTrustedIssuer('`typ` is among `at+jwt`, `JWT` and nothing')
  if (actor !== 'client' && actor !== 'act') throw badTrustedIssuer('`actor` is `client` or `act`')
  return {
    ...{ provider, subject, typ: types, actor },
    introspection: readIntrospection(introspection, reach),
    details: readDetailRules(details),
  }
}

const MAX_RULES = 64
const MAX_BOUNDS = 16
const OPERATORS: readonly Operator[] = ['eq', 'in', 'lte', 'gte', 'prefix']

/**
 * `[{type, when?, at, actions, bounds?: [{path, op, from}], ignores?}]` as it was sent; `{type: "remit_call"}` by itself for details
 * in our own form. Whether resource and actions are there is seen when a token comes, as for ceilings.
 */
function readDetailRules(value: unknown): DetailRule[] {
  if (!Array.isArray(value) || value.length > MAX_RULES)
    throw badTrustedIssuer(`there are ${MAX_RULES} rules for details at most`)
  return value.map((rule) => {
    const { actions, at, bounds = [], ignores = [], type, when = [], ...more } = issuerMembers(rule)
    const unknown = Object.keys(more)[0]
    if (unknown !== undefined || typeof type !== 'string' || !/^[\x21-\x7e]{1,512}$/.test(type))
      throw badTrustedIssuer('a rule for details has type, when, at, actions, bounds and ignores')
    if (!Array.isArray(when) || when.length > MAX_TESTS)
      throw badTrustedIssuer(`a rule for details has ${MAX_TESTS} conditions at most`)
    const tests = when.map(readTest)
    const ours = type === 'remit_call' && at === undefined && actions === undefined
    if (
      ours &&
      (listOf(bounds, 'bounds', 0).length > 0 || listOf(ignores, 'ignores', 0).length > 0)
    )
      throw badTrustedIssuer(
        'a `remit_call` rule has no other members: the details have their own bounds',
      )
    if (ours) return { type, when: tests, gives: null }
    return {
      type,
      when: tests,
      gives: {
        location: textIn(at, 'a resource'),
        actions: listOf(actions, 'actions').map((name) => textIn(name, 'an action')),
        bounds: listOf(bounds, 'bounds', 0).map(readBound),
        ignores: listOf(ignores, 'ignores', 0).map(readClaim),
      },
    }
  })
}

function readBound(value: unknown) {
  const { from, op, path, ...more } = issuerMembers(value)
  const operator = OPERATORS.find((one) => one === op)
  if (Object.keys(more).length > 0 || operator === undefined)
    throw badTrustedIssuer('a bound has `path`, `op` and `from` (the member with its value)')
  if (typeof path !== 'string' || !/^\/[\x21-\x7e]{0,512}$/.test(path))
    throw badTrustedIssuer('the path of a bound is a JSON Pointer')
  return { path, op: operator, from: readClaim(from) }
}

function readClaim(value: unknown): string {
  if (typeof value !== 'string' || !claimName(value))
    throw badTrustedIssuer('a member is a name or a JSON Pointer')
  return value
}

function listOf(value: unknown, what: string, least = 1): readonly unknown[] {
  if (!Array.isArray(value) || value.length < least || value.length > MAX_BOUNDS)
    throw badTrustedIssuer(`${what} is a list of at most ${MAX_BOUNDS}`)
  return value
}

function textIn(value: unknown, what: string): string {
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,2048}$/.test(value))
    throw badTrustedIssuer(`${what} is plain text`)
  return value
}

function readIntrospection(value: unknown, reach: { loopback: boolean }) {
  if (value === null) return null
  const { client_id: clientId, url, ...more } = issuerMembers(value)
  if (
    Object.keys(more).length > 0 ||
    typeof clientId !== 'string' ||
    !/^[\x21-\x7e]{1,256}$/.test(clientId)
  )
    throw badTrustedIssuer('introspection has an address and the `client_id` that asks')
  return { url: readIssuerAddress(url, reach), clientId }
}
