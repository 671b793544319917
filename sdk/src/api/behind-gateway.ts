import { UsageError } from '../errors.ts'
import type { Fetch } from '../wire/ports.ts'
import { ApiRefusal, answerOf } from './answer.ts'
import { readArguments, sameArguments } from './arguments.ts'
import { readExactJson } from './exact-json.ts'
import type { Admission, Guard, Route } from './guard.ts'
import { bodyText, type Incoming } from './incoming.ts'
import { issuerKeys } from './issuer-keys.ts'
import { readTarget, type Template, template } from './target.ts'
import { differs, isAgentCredential, readTransaction, type Trust } from './transaction-token.ts'
import { type UsedOnce, usedInMemory } from './used-once.ts'

/** What an API behind Remit's gateway has to know. */
export interface BehindGatewayOptions {
  readonly issuer: string
  /** `REMIT_TRUST_DOMAIN` of the server: the audience of its transaction tokens. */
  readonly trustDomain: string
  /** The API's own resource identifier: its address at the gateway. */
  readonly location: string
  /** Where the issuer's keys are. Default `<issuer>/oauth/jwks`. */
  readonly jwksUri?: string
  /** Which permits were used. Default: in this process. Several processes have to share one. */
  readonly usedOnce?: UsedOnce
  /** Default 1 MiB, which is what the gateway lets through. */
  readonly maxBodyBytes?: number
  readonly fetch?: Fetch
  readonly now?: () => number
  /**
   * Told what failed here and is answered with 5xx (keys that cannot be had, a store that fails), and where a permit that Remit
   * signed does not fit what is said here: `issuer`, `trustDomain`, `location`, `action`.
   */
  readonly onError?: (error: unknown) => void
}

const READS = new Set(['GET', 'HEAD'])

/**
 * Lets through what the gateway decided: the transaction token has to hold, to be made for this API, this operation and exactly
 * these arguments, and counts once for a write. Nothing is looked up anywhere but the issuer's keys.
 */
export function behindGateway(options: BehindGatewayOptions): Guard {
  const { issuer, location, maxBodyBytes = 1024 * 1024, trustDomain } = options
  const now = options.now ?? (() => Date.now())
  const usedOnce = options.usedOnce ?? usedInMemory(now)
  const keys = issuerKeys(options)
  const trust: Trust = { issuer, trustDomain, location, keys, now }
  const deps = { trust, usedOnce, maxBodyBytes }
  return {
    maxBodyBytes,
    settled: async () => {},
    for(route) {
      if (route?.path === undefined)
        throw new UsageError('behind the gateway a route needs its `action` and its `path`')
      const matches = template(route.path)
      return async (incoming) => {
        try {
          return await admit(incoming, { route, matches }, deps)
        } catch (error) {
          const refusal = error instanceof ApiRefusal ? error : failed(error)
          if (FAILURES.has(refusal.code) || refusal.cause instanceof UsageError)
            options.onError?.(refusal.cause ?? refusal)
          return { admitted: false, answer: answerOf(refusal, location) }
        }
      }
    },
  }
}

const FAILURES = new Set(['api.not_decided', 'api.misconfigured'])

function failed(cause: unknown): ApiRefusal {
  return new ApiRefusal('api.not_decided', 'something failed here; nothing was done', { cause })
}

interface Deps {
  readonly trust: Trust
  readonly usedOnce: UsedOnce
  readonly maxBodyBytes: number
}

async function admit(
  incoming: Incoming,
  { matches, route }: { route: Route; matches: Template },
  { maxBodyBytes, trust, usedOnce }: Deps,
): Promise<Admission> {
  if (isAgentCredential(incoming.header('authorization'), trust.issuer))
    throw new ApiRefusal(
      'transaction.agent_token',
      'this API is called through the gateway, which keeps the agent’s token',
    )
  const token = incoming.header('txn-token')
  if (token === undefined)
    throw new ApiRefusal('transaction.missing', 'a transaction token in `Txn-Token` is needed')
  const { call, expiresAt } = await readTransaction(token, trust)
  // INVARIANT: what the gateway sent here, and not what another service made of it.
  if (call.via?.length !== 1)
    throw new ApiRefusal('transaction.other_sender', 'the token was passed on by another service')
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
  const read = readArguments({ path, query, body })
  if (!sameArguments(call.arguments, route.arguments ? route.arguments(read) : read.all))
    throw new ApiRefusal('transaction.other_arguments', 'the token was made for other arguments')
  // INVARIANT: last, so that nothing but the call itself uses a permit up.
  const writes = route.write ?? !READS.has(incoming.method)
  if (writes && !(await usedOnce.use(call.decisionId, expiresAt)))
    throw new ApiRefusal('transaction.used', 'the token was used for this call before')
  return {
    admitted: true,
    call,
    body: text === undefined ? undefined : JSON.parse(text),
    text,
    ended: async () => {},
  }
}
