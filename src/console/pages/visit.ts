import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { countForApprover } from '../../approvals/access-requests/index.ts'
import type { PresentedSignature } from '../../identity/passkeys/index.ts'
import { isAdministrator, type Person } from '../../identity/people/index.ts'
import { csrfToken, isCsrfToken, readSession, type Session } from '../../identity/sessions/index.ts'
import { type Cookies, type Fields, fromOwnPage } from '../../platform/http/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { DAY_SECONDS } from '../../platform/lib/time-units.ts'
import type { Viewer } from './frame/document.ts'
import { scriptPolicy } from './frame/scripts.ts'
import type { PageParts } from './parts.ts'
import { readerSettings } from './reader-settings.ts'

/** A person who is signed in, in a browser. */
export interface Visitor {
  readonly person: Person
  readonly session: Session
  readonly administrator: boolean
  readonly viewer: Viewer
}

/** Request for a page, by a person. */
export interface Visit {
  readonly visitor: Visitor
  readonly now: number
  /** Id in the path; empty when there is none. */
  readonly id: string
  readonly query: Fields
  /** Digest of what tells this browser from others, when it has been at the authorization endpoint. */
  readonly browser: string | undefined
}

/** A form that was sent, from a page of this very session. */
export interface Act extends Visit {
  readonly fields: Fields
}

/** Result of a visit: a page, perhaps with another status, or somewhere else to go. */
export type PageResult =
  | string
  | { readonly page: string; readonly status: number }
  /** `zone`: kept as this browser's. */
  | { readonly to: string; readonly zone?: string }
  /** Exactly this text, to be kept as a file. */
  | { readonly file: string; readonly name: string; readonly type: 'application/json' }

export async function findVisitor(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  cookies: Cookies,
  request: IncomingMessage,
): Promise<Visitor | undefined> {
  const token = cookies.read(request, 'session')
  const found = token === undefined ? undefined : await readSession(parts.people, token)
  // INVARIANT: the command line's session opens no page, so that it can answer nothing (contract 10).
  if (token === undefined || found?.session.kind !== 'browser') return undefined
  const { person, session } = found
  const counts = await countForApprover(parts.decisions, person)
  const waiting = counts.reduce((sum, { count }) => sum + count, 0)
  const administrator = isAdministrator(person)
  return {
    person,
    session,
    administrator,
    viewer: {
      ...{ name: person.name, csrf: csrfToken(token), administrator, waiting },
      settings: readerSettings(cookies, request),
    },
  }
}

/** Address at which a person signs in, to come back to this page. */
export function signInAddress(returnTo: string): string {
  return `/sign-in?return_to=${encodeURIComponent(returnTo)}`
}

/** A change may only come from a page of ours: browsers say so, and who is silent is not one. */
export function requireOwnPage(parts: Pick<PageParts, 'issuer'>, request: FastifyRequest): void {
  if (fromOwnPage(request.raw, parts.issuer) !== true) {
    throw new Problem('request.cross_site', 'changes are accepted from our own pages only')
  }
}

export function fieldsOf(request: FastifyRequest): Fields {
  return request.body instanceof Map ? request.body : new Map()
}

/** Signature that a form brings; `undefined`: its page asked for none, or no script ran. */
export function signatureFrom(fields: Fields): PresentedSignature | undefined {
  const ticket = fields.get('ticket')
  const assertion = fields.get('assertion')
  return ticket && assertion ? { ticket, assertion } : undefined
}

function visitOf(
  { decisions }: Pick<PageParts, 'decisions'>,
  cookies: Cookies,
  request: FastifyRequest,
  visitor: Visitor,
): Visit {
  const browser = cookies.read(request.raw, 'browser')
  const params = request.params as Readonly<Record<string, string>> // the router gives nothing else
  const query = request.query as Readonly<Record<string, string>> // read strictly by http/
  return {
    visitor,
    now: decisions.clock.now(),
    id: params.id ?? '',
    query: new Map(Object.entries(query)),
    browser: browser === undefined ? undefined : sha256url(browser),
  }
}

const POLICY = 'content-security-policy'
const ZONE_SECONDS = 365 * DAY_SECONDS

function sendPage(
  reply: FastifyReply,
  shown: PageResult,
  { cookies, issuer }: { readonly cookies: Cookies; readonly issuer: string },
): FastifyReply {
  if (typeof shown !== 'string' && 'to' in shown) {
    if (shown.zone !== undefined) cookies.set(reply, 'zone', shown.zone, ZONE_SECONDS)
    return reply.redirect(shown.to, 303)
  }
  if (typeof shown !== 'string' && 'file' in shown)
    return reply
      .type(shown.type)
      .header('content-disposition', `attachment; filename="${shown.name}"`)
      .send(shown.file)
  const { page, status } = typeof shown === 'string' ? { page: shown, status: 200 } : shown
  const policy = [reply.getHeader(POLICY), ...scriptPolicy(issuer, page)].join('; ')
  reply.header(POLICY, policy)
  return reply.code(status).type('text/html; charset=utf-8').send(page)
}

export interface PageRouter {
  /** A page for people who are signed in; others sign in first and come back. Never changes anything. */
  get(path: string, show: (visit: Visit) => Promise<PageResult>): void
  /** Adds a form: `act` does what it asks for. */
  post(path: string, act: (act: Act) => Promise<PageResult>): void
}

/**
 * Routes of people who are signed in.
 * INVARIANT: nothing is changed but by POST, from our own origin, with the token of the session it comes with.
 */
export function deskOf(
  app: FastifyInstance,
  parts: Pick<PageParts, 'decisions' | 'issuer' | 'people'>,
  cookies: Cookies,
): PageRouter {
  const { issuer } = parts
  return {
    get(path, show) {
      app.get(path, async (request, reply) => {
        const visitor = await findVisitor(parts, cookies, request.raw)
        if (!visitor) return reply.redirect(signInAddress(request.raw.url ?? '/'), 303)
        return sendPage(reply, await show(visitOf(parts, cookies, request, visitor)), {
          cookies,
          issuer,
        })
      })
    },
    post(path, act) {
      app.post(path, async (request, reply) => {
        requireOwnPage(parts, request)
        const visitor = await findVisitor(parts, cookies, request.raw)
        const token = cookies.read(request.raw, 'session')
        // No redirect to the provider from here: it would still be the form's navigation, which stays on our origin.
        if (!visitor || token === undefined) {
          throw new Problem('session.required', 'no one is signed in')
        }
        const fields = fieldsOf(request)
        if (!isCsrfToken(token, fields.get('csrf'))) {
          throw new Problem('session.wrong_form', 'the form was made for another session')
        }
        const shown = await act({ ...visitOf(parts, cookies, request, visitor), fields })
        return sendPage(reply, shown, { cookies, issuer })
      })
    },
  }
}

/** Said to those who are signed in and may not: a page that leads elsewhere without a word explains nothing. */
export function requireAdministrator({ administrator }: Pick<Visitor, 'administrator'>): void {
  if (!administrator) throw new Problem('api.not_permitted', 'this page is for administrators')
}

/** Answers alike for a subject that does not exist and for one that is not yours to see. */
export function notFound(): Problem {
  return new Problem(
    'request.not_found',
    'this page does not exist, or you do not have access to it',
  )
}

/** On a page; where a session is not enough, no scheme of HTTP helps that a 401 would have to name. */
export function statusHere({ status }: Problem): number {
  return status === 401 ? 403 : status
}

/**
 * A refusal that belongs on the page where it happened; anything else is thrown on. `prefixes` name whose refusals they
 * are, `consent.`.
 */
export function mistakeOf(error: unknown, ...prefixes: readonly string[]): Problem {
  const known = error instanceof Problem && error.status < 500
  if (known && prefixes.some((prefix) => error.code.startsWith(prefix))) return error
  throw error
}
