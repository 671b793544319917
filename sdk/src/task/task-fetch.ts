import { ApprovalRequired, UsageError } from '../errors.ts'
import { challengesOf } from '../wire/challenge.ts'
import { ownProblemOf } from '../wire/problem.ts'
import { isSameOrigin, reach, secureUrl } from '../wire/server.ts'
import { gone, type RepeatableRequest } from '../wire/signed.ts'
import type { OnApproval } from './approval.ts'
import type { TaskConnection } from './held.ts'
import { refusalOf } from './refusal.ts'
import { longestPrefix, resourceFromChallenge } from './resource-of.ts'
import type { ResourceTokens } from './resource-tokens.ts'

/** A `RequestInit`, and what only tasks know. */
export interface TaskRequestInit extends RequestInit {
  /** The resource's identifier, where it cannot be told from the address. */
  readonly resource?: string
  /** Instead of the task's own setting. */
  readonly onApproval?: OnApproval
}

/** Parts that calls of a task are made with. */
export interface TaskCallParts {
  readonly held: TaskConnection
  readonly tokens: ResourceTokens
  /** Identifiers that are known; grows with what challenges tell. */
  readonly resources: Set<string>
  readonly onApproval: OnApproval
}

/** Number of times that one call may turn out to need other people's word as well. */
const MAX_APPROVALS = 8

/** See `Task.fetch`. */
export async function fetchAs(
  calling: TaskCallParts,
  input: string | URL | Request,
  init: TaskRequestInit,
): Promise<Response> {
  const { onApproval = calling.onApproval, resource, ...rest } = init
  const sending = await read(input, rest)
  const send = await wayTo(calling, sending, resource)
  if (send instanceof Response) return send
  for (let asked = 0; ; asked++) {
    const response = await send()
    const problem = await ownProblemOf(response)
    if (!problem) return response
    const refusal = refusalOf(calling.held, response, problem)
    if (!(refusal instanceof ApprovalRequired) || onApproval === 'throw') throw refusal
    if (asked >= MAX_APPROVALS) throw refusal
    if (!sending.repeatable) throw gone(sending.url)
    if (typeof onApproval === 'function') await onApproval(refusal.request)
    await refusal.wait(sending.rest?.signal ?? undefined)
  }
}

/**
 * Makes the call, again and again if need be; or answers it, when no credential was asked for.
 */
async function wayTo(
  calling: TaskCallParts,
  sending: RepeatableRequest,
  given: string | undefined,
): Promise<(() => Promise<Response>) | Response> {
  if (given !== undefined && longestPrefix(sending.url, [given]) === undefined)
    throw new UsageError(`\`${sending.url}\` is not below the resource \`${given}\``)
  const known = given ?? longestPrefix(sending.url, calling.resources)
  if (known !== undefined) return () => sendTo(calling, sending, known)
  const answer = await sendBare(calling.held, sending)
  const { fetch } = calling.held.ports
  const { issuer } = calling.held.server
  const found = await resourceFromChallenge(answer, { url: sending.url, issuer, fetch })
  if (found === undefined) {
    // A name that the gateway does not know. Others are not believed when they call their answer Remit's.
    const ours = [...calling.resources].some((each) => isSameOrigin(each, sending.url))
    const problem = ours ? await ownProblemOf(answer) : undefined
    if (problem) throw refusalOf(calling.held, answer, problem)
    return answer
  }
  if (!sending.repeatable) throw gone(sending.url)
  await answer.body?.cancel()
  calling.resources.add(found)
  return () => sendTo(calling, sending, found)
}

/** With a token for the resource; with another one when that is not accepted any more. */
async function sendTo(
  calling: TaskCallParts,
  sending: RepeatableRequest,
  resource: string,
): Promise<Response> {
  const { held, tokens } = calling
  const token = await tokens.for(resource)
  const first = await held.signed.send({ ...sending, token })
  if (!isStale(first)) return first
  await tokens.drop(resource, token)
  if (!sending.repeatable) throw gone(sending.url)
  await first.body?.cancel()
  return held.signed.send({ ...sending, token: await tokens.for(resource) })
}

/** RFC 6750 section 3.1: expired, revoked, from before a change. */
function isStale(response: Response): boolean {
  if (response.status !== 401) return false
  return challengesOf(response.headers.get('www-authenticate')).some(
    ({ parameters }) => parameters.get('error') === 'invalid_token',
  )
}

/** Sends as anyone would: with nothing of ours. */
function sendBare(
  held: TaskConnection,
  { body, headers, method, rest, url }: RepeatableRequest,
): Promise<Response> {
  const init: RequestInit = { ...rest, method, headers, redirect: 'manual' }
  if (body !== undefined) init.body = body
  if (body instanceof ReadableStream) Object.assign(init, { duplex: 'half' })
  return reach(url, () => held.ports.fetch(url, init), 'unknown')
}

async function read(input: string | URL | Request, init: RequestInit): Promise<RepeatableRequest> {
  const request = input instanceof Request ? input : undefined
  const { body: given, headers: headersGiven, method: wish, ...others } = init
  const url = secureUrl(request?.url ?? String(input))
  url.hash = ''
  const headers = new Headers(headersGiven ?? request?.headers)
  if (headers.has('authorization') || headers.has('dpop'))
    throw new UsageError('the task brings its own `Authorization` and `DPoP`')
  const body = given ?? (request?.body ? await request.arrayBuffer() : undefined)
  const signal = init.signal ?? request?.signal
  return {
    method: (wish ?? request?.method ?? 'GET').toUpperCase(),
    url: url.href,
    headers,
    body: body ?? undefined,
    rest: { ...others, ...(signal ? { signal } : {}) },
    repeatable: isRepeatable(body ?? undefined),
    effect: 'unknown',
  }
}

/**
 * Tells whether a body can be sent as often as needed; streams and iterators are gone once they
 * were read.
 */
function isRepeatable(body: RequestInit['body'] | undefined): boolean {
  return (
    body === undefined ||
    body === null ||
    typeof body === 'string' ||
    body instanceof ArrayBuffer ||
    ArrayBuffer.isView(body) ||
    body instanceof Blob ||
    body instanceof URLSearchParams ||
    body instanceof FormData
  )
}
