import type { JWTVerifyGetKey } from 'jose'
import { UsageError } from '../errors.ts'
import type { Fetch } from '../wire/ports.ts'
import { ApiRefusal, answerOf } from './answer.ts'
import { partOfArguments, readArguments } from './arguments.ts'
import { readExactJson } from './exact-json.ts'
import type { Admission, Guard, RemitCall, Route } from './guard.ts'
import { bodyText, type Incoming } from './incoming.ts'
import { issuerKeys } from './issuer-keys.ts'
import { readTarget, type Template, template } from './target.ts'
import { differs, isAgentCredential, readTransaction } from './transaction-token.ts'
import { type UsedOnce, usedInMemory } from './used-once.ts'

/** What a service has to know that other services call, somewhere behind Remit's gateway. */
export interface InsideDomainOptions {
  readonly issuer: string
  /** `REMIT_TRUST_DOMAIN` of the server: the audience of its transaction tokens. */
  readonly trustDomain: string
  /** Whose calls it works on: resource identifiers of APIs behind the gateway. */
  readonly locations: readonly string[]
  /**
   * Which services may pass a call on to it, by their resource identifiers: the last one that the token names. Default: whoever has the
   * token, also one that was passed on unchanged.
   */
  readonly from?: readonly string[]
  readonly jwksUri?: string
  readonly usedOnce?: UsedOnce
  readonly maxBodyBytes?: number
  readonly fetch?: Fetch
  readonly now?: () => number
  readonly onError?: (error: unknown) => void
}

/**
 * Lets through what belongs to a call that Remit permitted, without asking anybody: the transaction token has to hold, to be of one of
 * these APIs, and of the operation that the route names (`action`, of the permitted call). Where the route says `arguments`, what it
 * reads has to be what was permitted; what it does not say is not compared.
 */
export function insideDomain(options: InsideDomainOptions): Guard {
  const { issuer, locations, maxBodyBytes = 1024 * 1024, trustDomain } = options
  const [first] = locations
  if (first === undefined) throw new UsageError('`locations` names no API whose calls are served')
  const now = options.now ?? (() => Date.now())
  const usedOnce = options.usedOnce ?? usedInMemory(now)
  const keys = issuerKeys(options)
  const deps: Deps = {
    ...{ issuer, trustDomain, locations, keys, now, usedOnce, maxBodyBytes },
    from: options.from,
  }
  return {
    maxBodyBytes,
    settled: async () => {},
    for(route) {
      if (route?.path === undefined)
        throw new UsageError('inside the trust domain a route needs its `action` and its `path`')
      const matches = template(route.path)
      return async (incoming) => {
        try {
          return await admit(incoming, { route, matches }, deps)
        } catch (error) {
          const refusal =
            error instanceof ApiRefusal
              ? error
              : new ApiRefusal('api.not_decided', 'something failed here', { cause: error })
          if (refusal.code === 'api.not_decided' || refusal.cause instanceof UsageError)
            options.onError?.(refusal.cause ?? refusal)
          return { admitted: false, answer: answerOf(refusal, first) }
        }
      }
    },
  }
}

interface Deps {
  readonly issuer: string
  readonly trustDomain: string
  readonly locations: readonly string[]
  readonly from: readonly string[] | undefined
  readonly keys: JWTVerifyGetKey
  readonly now: () => number
  readonly usedOnce: UsedOnce
  readonly maxBodyBytes: number
}

async function admit(
  incoming: Incoming,
  { matches, route }: { route: Route; matches: Template },
  deps: Deps,
): Promise<Admission> {
  if (isAgentCredential(incoming.header('authorization'), deps.issuer))
    throw new ApiRefusal('transaction.agent_token', 'agents do not call this service')
  const token = incoming.header('txn-token')
  if (token === undefined)
    throw new ApiRefusal('transaction.missing', 'a transaction token in `Txn-Token` is needed')
  const { call, expiresAt } = await readTransaction(token, { ...deps, location: deps.locations })
  checkSender(call, deps.from)
  if (call.action !== route.action)
    throw new ApiRefusal('transaction.other_action', 'the token was made for another operation', {
      cause: differs('action', route.action, call.action),
    })
  const { query, segments } = readTarget(incoming.target)
  const path = matches(segments)
  if (!path)
    throw new ApiRefusal('api.misconfigured', `\`${route.path}\` is not the path of this request`)
  const text = await bodyText(incoming, deps.maxBodyBytes)
  const body = text === undefined ? undefined : readExactJson(text)
  const wanted = route.arguments?.(readArguments({ path, query, body })) ?? {}
  if (!partOfArguments(call.arguments, wanted))
    throw new ApiRefusal('transaction.other_arguments', 'the token was made for other arguments')
  // INVARIANT: last, so that nothing but the request itself uses it up. One call may take several requests here, each of them once.
  const writes = route.write ?? !(incoming.method === 'GET' || incoming.method === 'HEAD')
  const use = `${call.decisionId} ${incoming.method} ${incoming.target}`
  if (writes && !(await deps.usedOnce.use(use, expiresAt)))
    throw new ApiRefusal('transaction.used', 'the token was used for this request before')
  return {
    admitted: true,
    call,
    body: text === undefined ? undefined : JSON.parse(text),
    text,
    ended: async () => {},
  }
}

function checkSender({ via = [] }: RemitCall, from: readonly string[] | undefined): void {
  const last = via.at(-1)
  if (from && (last === undefined || !from.includes(last)))
    throw new ApiRefusal(
      'transaction.other_sender',
      'the token was not passed on by a service that may',
    )
}
