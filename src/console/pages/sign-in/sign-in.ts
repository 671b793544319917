import type { FastifyReply, FastifyRequest } from 'fastify'
import { openSession, redeemSetupLink, SESSION_LIFE_MS } from '../../../identity/sessions/index.ts'
import type { Cookies } from '../../../platform/http/index.ts'
import type { PageParts } from '../parts.ts'
import { showTried } from '../provider/provider-routes.ts'
import { findVisitor } from '../visit.ts'

/** Begins a sign-in for this browser; answers the address at the provider to go to. */
export async function beginSignIn(
  parts: Pick<PageParts, 'decisions' | 'providers'>,
  cookies: Cookies,
  reply: FastifyReply,
  signIn: Parameters<PageParts['providers']['begin']>[0],
): Promise<string> {
  const { url, cookie, expiresAt } = await parts.providers.begin(signIn)
  const seconds = (expiresAt - parts.decisions.clock.now()) / 1000
  cookies.set(reply, 'sign_in', cookie.reveal(), seconds)
  return url
}

/**
 * Ends a sign-in: opens the session, and makes the person the first administrator when it began with the setup link.
 * Answers the path to go to, or what an administrator
 * sees who only tried.
 */
export async function complete(
  parts: Pick<PageParts, 'decisions' | 'people' | 'providers'>,
  cookies: Cookies,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<{ readonly to: string } | { readonly page: string }> {
  const setup = cookies.read(request.raw, 'setup')
  const former = cookies.read(request.raw, 'session')
  const browser = cookies.read(request.raw, 'sign_in')
  // Used up whatever comes of it.
  cookies.clear(reply, 'sign_in')
  if (setup !== undefined) cookies.clear(reply, 'setup')
  const done = await parts.providers.finish(request.raw.url ?? '', browser)
  if ('triedBy' in done) {
    const visitor = await findVisitor(parts, cookies, request.raw)
    return { page: await showTried(parts, visitor, done) }
  }
  const { person, authTime, proved, returnTo, sid } = done
  const { token } = await openSession(parts.people, {
    personId: person.id,
    kind: 'browser',
    authTime,
    proved,
    sid,
    ...(former === undefined ? {} : { replaces: former }),
  })
  cookies.set(reply, 'session', token.reveal(), SESSION_LIFE_MS / 1000)
  if (setup !== undefined) {
    await redeemSetupLink(parts.people, { token: setup, personId: person.id })
  }
  return { to: returnTo }
}
