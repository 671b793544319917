import { CallFailed, Denied, UsageError } from './errors.ts'
import { begin, type OpeningBase, serverOf } from './open-task.ts'
import { type Detail, delegating } from './task/authority.ts'
import type { Task } from './task/task.ts'
import { clientAssertion } from './wire/agent.ts'
import { portsOf } from './wire/ports.ts'
import { objectOf, textOr } from './wire/problem.ts'
import { newTaskKey } from './wire/proof.ts'
import { SignedRequests } from './wire/signed.ts'
import { CIBA, refusal, sendForm } from './wire/token-endpoint.ts'

/** Person who is asked, and the purpose and access that they are asked about. */
export interface Question extends OpeningBase {
  /** The person's id, or an e-mail address of exactly one person. */
  readonly person: string
  readonly details?: readonly Detail[]
  /** Action names, separated by spaces: each without bounds. */
  readonly scope?: string
  /** Details that children may be given at most. Default: the same as the details. */
  readonly mayDelegate?: readonly Detail[]
  /** Shown to the person, marked as the agent's words. */
  readonly purpose: string
  /** Until the deadline. Default one hour, at most a day. */
  readonly lifeSeconds?: number
  /** Told once that the question waits. The person finds it on their home page at Remit. */
  readonly onAsked?: (asked: { readonly requestId: string; readonly expiresIn: number }) => void
}

const DEFAULT_INTERVAL = 5
const SLOWER = 5
const MAX_INTERVAL = 60

/**
 * Opens a task for a person who is not here: Remit asks them (OpenID CIBA, poll mode). Waits until they have answered, or the signal
 * ends it. The answer opens one task.
 * @throws {Denied} with the `oauthError` `access_denied` or `expired_token`; {CallFailed} {UsageError}
 */
export async function askPerson(question: Question): Promise<Task> {
  const { agent, issuer, lifeSeconds, onAsked, person, purpose, scope, signal } = question
  const ports = portsOf(question)
  const server = await serverOf(issuer, ports)
  if (server.backchannelEndpoint === undefined)
    throw new UsageError(`\`${server.issuer}\` asks no one for agents`)
  const signed = new SignedRequests(ports, await newTaskKey())
  const details = delegating(question.details ?? [], question.mayDelegate)
  const response = await sendForm(server.backchannelEndpoint, signed, {
    login_hint: person,
    authorization_details: details.length === 0 ? undefined : JSON.stringify(details),
    scope,
    purpose,
    requested_lifetime: lifeSeconds === undefined ? undefined : String(lifeSeconds),
    ...(await clientAssertion(agent, server.issuer, ports.now())),
  })
  const body = await objectOf(response.clone())
  if (!response.ok) throw refusal(response, body)
  const { expires_in: expiresIn, interval } = body
  const requestId = textOr(body.auth_req_id)
  if (requestId === undefined || typeof expiresIn !== 'number')
    throw new CallFailed('server.unreadable', 'the answer names no request', { effect: 'none' })
  onAsked?.({ requestId, expiresIn })
  const ends = ports.now() + expiresIn * 1000
  const poll = { grant_type: CIBA, auth_req_id: requestId }
  let pause = typeof interval === 'number' && interval >= 1 ? interval : DEFAULT_INTERVAL
  for (;;) {
    pause = Math.min(pause, MAX_INTERVAL)
    await ports.sleep(pause * 1000, signal)
    try {
      return await begin(question, { server, ports }, poll, signed)
    } catch (error) {
      if (error instanceof Denied && error.oauthError === 'slow_down') pause += SLOWER
      else if (error instanceof Denied && error.oauthError === 'authorization_pending') continue
      // Remit may be out of reach for a while: people's time does not depend on it.
      else if (!(error instanceof CallFailed) || ports.now() > ends) throw error
    }
  }
}
