import { UsageError } from '../errors.ts'
import type { Fetch } from '../wire/ports.ts'
import { portsOf } from '../wire/ports.ts'
import { secureUrl } from '../wire/server.ts'
import { ApiRefusal, answerOf } from './answer.ts'
import { type AnswerWork, admitsJson, answeringFor } from './answers/answering.ts'
import { doableWith } from './answers/obligations.ts'
import { type CallDecider, Calls, type ReportedOutcome } from './calls.ts'
import { type ClientCertificates, certificateOf } from './client-certificate.ts'
import { readExactJson } from './exact-json.ts'
import type { Admission, CallEnd, Guard, Route } from './guard.ts'
import { handlerBody } from './handler-body.ts'
import { type ApiRequest, bodyText } from './incoming.ts'

/** Settings of an API that agents call directly. */
export interface DirectOptions {
  readonly issuer: string
  /** The API's own resource identifier: its public address, exactly as it is in the catalog. */
  readonly resource: string
  /** `enf_…`, from `remit clients add enforcer`. */
  readonly secret: string
  /**
   * Headers that change what the API does, beside the usual ones (`accept`, `idempotency-key`, `if-match`, …). They
   * are part of what people approve.
   */
  readonly headers?: readonly string[]
  /**
   * Path with which the API's own paths begin, where something in front of it cuts the identifier's
   * path. Default: that path.
   */
  readonly basePath?: string
  /**
   * Key of the digests that policies oblige to (`@hash`), at least 32 random bytes that only this API knows. Without it such calls are
   * denied. Remit's gateway has a key of its own, so what the two hash cannot be compared.
   */
  readonly hashKey?: Uint8Array
  /**
   * Source of the certificate that a client showed, for tokens that are bound to one. Default:
   * none, and such tokens are refused.
   */
  readonly clientCertificates?: ClientCertificates
  /** Default 256 KiB, at most 400 KiB. */
  readonly maxBodyBytes?: number
  /** Time to wait for Remit, in milliseconds. Default 3000. */
  readonly timeoutMs?: number
  readonly fetch?: Fetch
  /** Milliseconds of a clock that is never set. Default: `performance.now`. */
  readonly now?: () => number
  readonly sleep?: (ms: number, signal?: AbortSignal) => Promise<void>
  /** Told what is answered with 503, and outcomes that could not be reported: a wrong secret, Remit out of reach. */
  readonly onError?: (error: unknown) => void
}

const USUAL_HEADERS = [
  'accept',
  'accept-language',
  'idempotency-key',
  'if-match',
  'if-none-match',
  'prefer',
]
/** Headers about who calls: no part of what is decided, shown and hashed. */
const CREDENTIALS = new Set([
  'authorization',
  'client-cert',
  'cookie',
  'dpop',
  'proxy-authorization',
  'txn-token',
])
const MAX_BODY_BYTES = 400 * 1024
const CREDENTIAL = /^(dpop|bearer) ([A-Za-z0-9._~+/=-]+)$/i

/**
 * Asks Remit about every call before it runs, and reports how it ended. Fail closed: no answer in time, or one that cannot be
 * read, and nothing runs.
 */
export function direct(options: DirectOptions): Guard {
  return guardWith(options, askingRemit(options))
}

/** Decider that asks Remit about each call. */
export function askingRemit(options: DirectOptions): CallDecider {
  return new Calls({
    issuer: options.issuer,
    secret: options.secret,
    timeoutMs: options.timeoutMs ?? 3_000,
    ports: portsOf({ ...options, now: options.now ?? (() => performance.now()) }),
    onError: options.onError ?? (() => {}),
  })
}

/** Guard of an API that agents call directly, over whatever decides. @throws {UsageError} */
export function guardWith(options: DirectOptions, calls: CallDecider): Guard {
  secureUrl(options.issuer)
  const { resource } = options
  if (options.secret === '')
    throw new UsageError('`secret` is empty: `remit clients add enforcer` shows it once')
  if (/^[a-z][a-z0-9-]{1,62}$/.test(options.secret))
    throw new UsageError(
      '`secret` is the name of a client, not its secret, which `clients add` showed once',
    )
  const { hashKey } = options
  if (hashKey && hashKey.byteLength < 32)
    throw new UsageError(
      '`hashKey` has fewer than 32 bytes, so that what is hashed could be tried out',
    )
  const maxBodyBytes = Math.min(options.maxBodyBytes ?? 256 * 1024, MAX_BODY_BYTES)
  const onError = options.onError ?? (() => {})
  const more = (options.headers ?? []).map((name) => name.toLowerCase())
  const secret = more.find((name) => CREDENTIALS.has(name))
  if (secret) throw new UsageError(`\`${secret}\` is a credential: it is not shown to people`)
  const seen = new Set([...USUAL_HEADERS, ...more])
  const { basePath, clientCertificates: certificates } = options
  const reading = { resource, seen, basePath, certificates, maxBodyBytes, hashKey }
  return {
    maxBodyBytes,
    settled: () => calls.settled(),
    for(route) {
      return async (incoming) => {
        try {
          return await admit(incoming, route, { calls, reading })
        } catch (cause) {
          const refusal = cause instanceof ApiRefusal ? cause : undecided(cause)
          if (refusal.code === 'api.not_decided' || refusal.code === 'api.misconfigured')
            onError(refusal.cause ?? refusal)
          return { admitted: false, answer: answerOf(refusal, resource) }
        }
      }
    },
  }
}

function undecided(cause: unknown): ApiRefusal {
  const detail = 'whether the call is permitted could not be asked; nothing was done'
  return new ApiRefusal('api.not_decided', detail, { cause })
}

interface Reading {
  readonly resource: string
  readonly seen: ReadonlySet<string>
  readonly basePath: string | undefined
  readonly certificates: ClientCertificates | undefined
  readonly maxBodyBytes: number
  readonly hashKey: Uint8Array | undefined
}

async function admit(
  incoming: ApiRequest,
  route: Route | undefined,
  { calls, reading }: { calls: CallDecider; reading: Reading },
): Promise<Admission> {
  const [, scheme, token] = CREDENTIAL.exec(incoming.header('authorization') ?? '') ?? []
  if (scheme === undefined || token === undefined)
    throw new ApiRefusal('token.missing', 'a resource token with a DPoP proof is needed')
  const certificate = await certificateOf(incoming, reading.certificates)
  const text = await bodyText(incoming, reading.maxBodyBytes)
  const verdict = await calls.ask({
    scheme: scheme.toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer',
    token,
    proofs: (incoming.header('dpop') ?? '').split(',').flatMap((each) => each.trim() || []),
    ...(certificate === undefined ? {} : { certificate }),
    method: incoming.method,
    url: publicUrl(incoming.target, reading),
    headers: [...reading.seen].flatMap((name) => {
      const value = incoming.header(name)
      return value === undefined ? [] : [[name, value] as const]
    }),
    ...(text === undefined ? {} : { body: text }),
    ...(incoming.ip === undefined ? {} : { ip: incoming.ip }),
    // What cannot be read when it comes is not begun.
    obligations:
      route?.json !== false && admitsJson(incoming.header('accept'))
        ? doableWith(reading.hashKey)
        : [],
  })
  if (!verdict.permitted) return { admitted: false, answer: verdict.answer }
  const { asked, call, late } = verdict
  if (route !== undefined && route.action !== call.action) {
    await calls.report(call.decisionId, { state: 'not_sent' })
    const detail = `Remit knows this operation as \`${call.action}\`, the API as \`${route.action}\``
    throw new ApiRefusal('api.misconfigured', detail)
  }
  // INVARIANT: a permit that comes late is none: what it stood on may have been revoked.
  if (late()) {
    await calls.report(call.decisionId, { state: 'not_sent' })
    throw new ApiRefusal('api.not_decided', 'the permit came too late; nothing was done')
  }
  let answering: AnswerWork | undefined
  let body: unknown
  try {
    // INVARIANT: the handler gets what was decided on, to the last digit.
    body = text === undefined ? undefined : handlerBody(readExactJson(text))
    answering = answeringFor(asked, { ...reading, decisionId: call.decisionId })
  } catch (cause) {
    // INVARIANT: what a permit obliges to is done whole, or the call does not run.
    await calls.report(call.decisionId, { state: 'not_sent' })
    throw cause instanceof ApiRefusal ? cause : undecided(cause)
  }
  return {
    admitted: true,
    call,
    answering,
    body,
    text,
    ended: (how) => calls.report(call.decisionId, outcomeOf(how)),
  }
}

function outcomeOf({ amounts = [], begun = true, status }: CallEnd): ReportedOutcome {
  if (!begun) return { state: 'not_sent' }
  if (status === undefined) return { state: 'failed' }
  return { state: 'answered', status, ...(amounts.length === 0 ? {} : { amounts }) }
}

/**
 * Address that was asked for, by configuration and the target as it arrived: never by `Host`, which
 * the caller chooses.
 */
function publicUrl(target: string, { basePath, resource }: Reading): string {
  // Also the form for proxies, `GET http://…`: it names another host than ours.
  if (!target.startsWith('/'))
    throw new ApiRefusal('request.ambiguous_target', 'the target is no path')
  const { origin, pathname } = new URL(resource)
  const path = pathname === '/' ? '' : pathname
  const base = basePath ?? path
  const at = target.startsWith(base) ? target.slice(base.length) : undefined
  if (at === undefined || !/^(?:$|[/?])/.test(at))
    throw new ApiRefusal('api.misconfigured', `a path here begins with \`${base}\``)
  return origin + path + at
}
