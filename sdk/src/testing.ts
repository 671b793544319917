import { decodeJwt, decodeProtectedHeader, type JWTPayload } from 'jose'
import type { Detail } from './task/authority.ts'
import { Task } from './task/task.ts'
import type { Fetch } from './wire/ports.ts'
import { newTaskKey } from './wire/proof.ts'
import { SignedRequests } from './wire/signed.ts'

export const ISSUER = 'https://remit.example'
export const API = 'https://api.example/orders'
export const NOW = 1_800_000_000_000

/** A request that went out. */
export interface SentRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body: unknown
  readonly redirect: RequestInit['redirect']
  /** Claims of its proof, if there is one. */
  readonly proof: JWTPayload & {
    readonly nonce?: string
    readonly htm?: string
    readonly ath?: string
  }
}

/** Stand-in for the network. It answers what a test says, and keeps what was sent. */
export interface Script {
  readonly sent: SentRequest[]
  readonly fetch: Fetch
  /** Requests to this origin. */
  to(origin: string): readonly SentRequest[]
}

export function scripted(answer: (sent: SentRequest) => Response | Promise<Response>): Script {
  const sent: SentRequest[] = []
  return {
    sent,
    to: (origin) => sent.filter(({ url }) => new URL(url).origin === new URL(origin).origin),
    fetch: async (input, init = {}) => {
      const headers = new Headers(init.headers)
      const proof = headers.get('dpop')
      if (proof !== null && decodeProtectedHeader(proof).typ !== 'dpop+jwt') throw new Error(proof)
      const one: SentRequest = {
        method: init.method ?? 'GET',
        url: String(input),
        headers,
        body: init.body,
        redirect: init.redirect,
        proof: proof === null ? {} : decodeJwt(proof),
      }
      sent.push(one)
      return answer(one)
    },
  }
}

/** Answers of the token endpoint to an exchange for a resource. */
export function aToken(token: string, expires_in = 300): Response {
  return Response.json({ access_token: token, token_type: 'DPoP', task_id: 'tsk_1', expires_in })
}

export const ALL: Detail = { type: 'remit_call', locations: [API], actions: ['orders.read'] }

/** A task that is open already, on this network. Waiting takes no time. */
export async function openTaskOn(
  { fetch }: Pick<Script, 'fetch'>,
  details: readonly Detail[] = [ALL],
  now: () => number = () => NOW,
): Promise<Task> {
  const ports = {
    fetch,
    now,
    sleep: async (_: number, signal?: AbortSignal) => signal?.throwIfAborted(),
  }
  const signed = new SignedRequests(ports, await newTaskKey())
  const server = { issuer: ISSUER, tokenEndpoint: `${ISSUER}/oauth/token` }
  const held = { server, ports, signed, id: 'tsk_1', token: 'task-token' }
  return new Task(held, details, 'throw')
}

/** An answer that only Remit gives. */
export function ownProblem(status: number, code: string, more: object = {}): Response {
  const type = `urn:remit:problem:${code}`
  const body = JSON.stringify({
    type,
    title: code,
    status,
    detail: `because ${code}`,
    code,
    ...more,
  })
  const headers = { 'content-type': 'application/problem+json', 'remit-answer': 'own' }
  return new Response(body, { status, headers })
}
