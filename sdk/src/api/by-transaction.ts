import { UsageError } from '../errors.ts'
import type { Fetch } from '../wire/ports.ts'
import { ApiRefusal, answerOf } from './answer.ts'
import { type ArgumentTexts, type ReadArguments, readArguments } from './arguments.ts'
import { readExactJson } from './exact-json.ts'
import type { Admission, Guard, RemitCall, Route } from './guard.ts'
import { handlerBody } from './handler-body.ts'
import { type ApiRequest, bodyText } from './incoming.ts'
import { issuerKeys } from './issuer-keys.ts'
import { readTarget, type Template, template } from './target.ts'
import { differs, isAgentCredential, readTransaction, type Trust } from './transaction-token.ts'
import { type UsedOnce, usedInMemory } from './used-once.ts'

/** Settings of everything that decides by transaction tokens. */
export interface TransactionOptions {
  readonly issuer: string
  /** `REMIT_TRUST_DOMAIN` of the server: the audience of its transaction tokens. */
  readonly trustDomain: string
  /** Address of the issuer's keys. Default `<issuer>/oauth/jwks`. */
  readonly jwksUri?: string
  /**
   * Memory of the permits that were used. Default: in this process. Several processes have to share
   * one.
   */
  readonly usedOnce?: UsedOnce
  /** Default 1 MiB, which is what the gateway lets through. */
  readonly maxBodyBytes?: number
  readonly fetch?: Fetch
  readonly now?: () => number
  /**
   * Told what failed here and is answered with 5xx (keys that cannot be had, a store that fails), and where a permit that Remit
   * signed does not fit what is said here: `issuer`, `trustDomain`, location, `action`.
   */
  readonly onError?: (error: unknown) => void
}

/** Place of a guard, and what a token has to be there. */
export interface Place {
  /** `behind the gateway`: as a sentence begins with it. */
  readonly named: string
  /** Locations whose calls are served; refusals name the first as the API. */
  readonly locations: readonly [string, ...string[]]
  /** Text for an agent that comes with a token of its own. */
  readonly toAgents: string
  /** @throws {ApiRefusal} `transaction.other_sender` */
  readonly checkSender: (call: RemitCall) => void
  /** Tells whether what the request says is what was permitted. */
  readonly fits: (permitted: ArgumentTexts, read: ReadArguments, route: Route) => boolean
  /** Key that a write uses up, and its name. */
  readonly use: {
    readonly of: (call: RemitCall, incoming: ApiRequest) => string
    readonly named: string
  }
}

interface Deps {
  readonly place: Place
  readonly trust: Trust
  readonly usedOnce: UsedOnce
  readonly maxBodyBytes: number
}

const READS = new Set(['GET', 'HEAD'])
const FAILURES = new Set(['api.not_decided', 'api.misconfigured'])

/** Lets through what a transaction token permits. Nothing is looked up anywhere but the issuer's keys. */
export function byTransaction(options: TransactionOptions, place: Place): Guard {
  const { issuer, maxBodyBytes = 1024 * 1024, trustDomain } = options
  const now = options.now ?? (() => Date.now())
  const usedOnce = options.usedOnce ?? usedInMemory(now)
  const { locations } = place
  const trust: Trust = { issuer, trustDomain, locations, keys: issuerKeys(options), now }
  const deps = { place, trust, usedOnce, maxBodyBytes }
  return {
    maxBodyBytes,
    settled: async () => {},
    for(route) {
      if (route?.path === undefined)
        throw new UsageError(`${place.named} a route needs its \`action\` and its \`path\``)
      const matches = template(route.path)
      return async (incoming) => {
        try {
          return await admit(incoming, { route, matches }, deps)
        } catch (error) {
          const refusal = error instanceof ApiRefusal ? error : failed(error)
          if (FAILURES.has(refusal.code) || refusal.cause instanceof UsageError)
            options.onError?.(refusal.cause ?? refusal)
          return { admitted: false, answer: answerOf(refusal, locations[0]) }
        }
      }
    },
  }
}

function failed(cause: unknown): ApiRefusal {
  return new ApiRefusal('api.not_decided', 'something failed here; nothing was done', { cause })
}

async function admit(
  incoming: ApiRequest,
  { matches, route }: { route: Route; matches: Template },
  { maxBodyBytes, place, trust, usedOnce }: Deps,
): Promise<Admission> {
  if (isAgentCredential(incoming.header('authorization'), trust.issuer))
    throw new ApiRefusal('transaction.agent_token', place.toAgents)
  const token = incoming.header('txn-token')
  if (token === undefined)
    throw new ApiRefusal('transaction.missing', 'a transaction token in `Txn-Token` is needed')
  const { call, expiresAt } = await readTransaction(token, trust)
  place.checkSender(call)
  if (call.action !== route.action)
    throw new ApiRefusal('transaction.other_action', 'the token was made for another operation', {
      cause: differs('action', route.action, call.action),
    })
  const { query, segments } = readTarget(incoming.target)
  const path = matches(segments)
  if (!path)
    throw new ApiRefusal('api.misconfigured', `\`${route.path}\` is not the path of this request`)
  const text = await bodyText(incoming, maxBodyBytes)
  const body = text === undefined ? undefined : readExactJson(text)
  if (!place.fits(call.arguments, readArguments({ path, query, body }), route))
    throw new ApiRefusal('transaction.other_arguments', 'the token was made for other arguments')
  // INVARIANT: the handler gets what was decided on, to the last digit.
  const handed = body === undefined ? undefined : handlerBody(body)
  // INVARIANT: last, so that nothing but the request itself uses a permit up.
  const writes = route.write ?? !READS.has(incoming.method)
  if (writes && !(await usedOnce.use(place.use.of(call, incoming), expiresAt)))
    throw new ApiRefusal(
      'transaction.used',
      `the token was used for this ${place.use.named} before`,
    )
  return {
    admitted: true,
    call,
    body: handed,
    text,
    ended: async () => {},
  }
}
