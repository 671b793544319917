import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { listProviders } from '../../../identity/identity-providers/index.ts'
import { endSession, isCsrfToken, isSetupLink } from '../../../identity/sessions/index.ts'
import type { Cookies } from '../../../platform/http/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { PageParts } from '../parts.ts'
import { fieldsOf, findVisitor, notFound, requireOwnPage, signInAddress } from '../visit.ts'
import { beginSignIn, complete } from './sign-in.ts'
import { onwardPage, setupPage, signedOutPage, signInPage } from './sign-in-page.ts'

/** It does not answer, or not as it should; others may. */
function isUnreachable(error: unknown): boolean {
  return (
    error instanceof Problem &&
    (error.code === 'provider.unreachable' || error.code.startsWith('outbound.'))
  )
}

/** The one that has the domain of an address; `undefined`: none, or more than one. */
function providerOf(
  address: string,
  providers: readonly { readonly issuer: string; readonly domains: readonly string[] }[],
): string | undefined {
  const domain = /^[^@\s]{1,64}@([^@\s]{1,253})$/.exec(address)?.[1]?.toLowerCase()
  const [found, ...more] = providers.filter(({ domains }) => domain && domains.includes(domain))
  return more.length === 0 ? found?.issuer : undefined
}

const SIGNING_IN = {
  title: 'Signing you in',
  text: 'Your identity provider asks who you are.',
  label: 'Continue',
} as const

/** Query as http/ reads it, strictly. */
type Query = Readonly<Record<string, string>>

/** The setup link's token waits in a cookie while the person is at the provider. */
const SETUP_SECONDS = 600

function page(reply: FastifyReply, text: string): FastifyReply {
  return reply.type('text/html; charset=utf-8').send(text)
}

export function addSignIn(
  app: FastifyInstance,
  parts: Pick<PageParts, 'decisions' | 'issuer' | 'people' | 'providers'>,
  cookies: Cookies,
): void {
  /** Has a person who is signed in sign in again, at the same provider. */
  async function again(request: FastifyRequest, reply: FastifyReply): Promise<string> {
    const { acr_values: ways = '', return_to: returnTo = '/' } = request.query as Query
    const visitor = await findVisitor(parts, cookies, request.raw)
    if (!visitor) return signInAddress(returnTo)
    // Only asked for: which of them counts is not said by an address.
    const acrValues = /^[\x21-\x7e ]{0,500}$/.test(ways) ? ways.split(' ').filter(Boolean) : []
    const { issuer } = visitor.person
    return beginSignIn(parts, cookies, reply, { issuer, returnTo, fresh: { acrValues } })
  }

  /** Tries a provider for an administrator; no one is signed in by it. */
  async function tryOut(request: FastifyRequest, reply: FastifyReply): Promise<string> {
    const { provider: issuer = '' } = request.query as Query // as: see there
    const visitor = await findVisitor(parts, cookies, request.raw)
    if (!visitor) return signInAddress(request.raw.url ?? '/')
    if (!visitor.administrator) throw notFound()
    const triedBy = visitor.person.id
    return beginSignIn(parts, cookies, reply, { issuer, returnTo: '/providers', triedBy })
  }

  /** Several to choose from; `down` cannot be reached now, `address` led to none. */
  async function choose(returnTo: string, over: { down?: string; address?: string } = {}) {
    const providers = await listProviders(parts.people)
    const choices = providers.map(({ name, issuer: provider }) => ({
      name,
      href: `/sign-in?${new URLSearchParams({ provider, return_to: returnTo })}`,
    }))
    const asks = providers.length > 1 && providers.some(({ domains }) => domains.length > 0)
    const down = providers.find(({ issuer }) => issuer === over.down)?.name
    return signInPage({ choices, asks, returnTo, address: over.address ?? '', down })
  }

  app.get('/sign-in', async (request, reply) => {
    const query = request.query as Query // as: see there
    if (query.again === 'yes') return reply.redirect(await again(request, reply), 303)
    if (query.try === 'yes') return reply.redirect(await tryOut(request, reply), 303)
    const returnTo = query.return_to ?? '/'
    const providers = await listProviders(parts.people)
    const only = providers.length === 1 ? providers[0]?.issuer : undefined
    const issuer = query.provider ?? only
    if (issuer === undefined) return page(reply, await choose(returnTo))
    try {
      return reply.redirect(await beginSignIn(parts, cookies, reply, { issuer, returnTo }), 303)
    } catch (error) {
      if (only !== undefined || !isUnreachable(error)) throw error
      return page(reply.code(502), await choose(returnTo, { down: issuer }))
    }
  })

  // By POST, so that no address of anybody is in an address of ours.
  app.post('/sign-in', async (request, reply) => {
    requireOwnPage(parts, request)
    const fields = fieldsOf(request)
    const returnTo = fields.get('return_to') ?? '/'
    const address = fields.get('email')?.trim() ?? ''
    const issuer = providerOf(address, await listProviders(parts.people))
    if (issuer === undefined) return page(reply, await choose(returnTo, { address }))
    try {
      const to = await beginSignIn(parts, cookies, reply, { issuer, returnTo, loginHint: address })
      return page(reply, onwardPage({ ...SIGNING_IN, to }))
    } catch (error) {
      if (!isUnreachable(error)) throw error
      return page(reply.code(502), await choose(returnTo, { down: issuer }))
    }
  })

  app.get('/sign-in/callback', async (request, reply) => {
    const done = await complete(parts, cookies, request, reply)
    return 'to' in done ? reply.redirect(done.to, 303) : page(reply, done.page)
  })

  app.get('/sign-out', async (_request, reply) => page(reply, signedOutPage()))

  app.post('/sign-out', async (request, reply) => {
    requireOwnPage(parts, request)
    const token = cookies.read(request.raw, 'session')
    if (token !== undefined) {
      if (!isCsrfToken(token, fieldsOf(request).get('csrf'))) {
        throw new Problem('session.wrong_form', 'the form was made for another session')
      }
      await endSession(parts.people, token)
    }
    cookies.clear(reply, 'session')
    return reply.redirect('/sign-out', 303)
  })
}

/** The first administrator. Looking at the link changes nothing; the form begins a sign-in, and its end uses the link. */
export function addSetup(
  app: FastifyInstance,
  parts: Pick<PageParts, 'decisions' | 'issuer' | 'people' | 'providers'>,
  cookies: Cookies,
): void {
  app.get('/setup/:token', async (request, reply) => {
    const { token } = request.params as { token: string } // the router gives exactly this
    const valid = await isSetupLink(parts.people, token)
    const providers = valid ? await listProviders(parts.people) : []
    return page(reply.code(valid ? 200 : 410), setupPage({ valid, token, providers }))
  })

  app.post('/setup/:token', async (request, reply) => {
    requireOwnPage(parts, request)
    const { token } = request.params as { token: string } // the router gives exactly this
    if (!(await isSetupLink(parts.people, token))) {
      throw new Problem('setup.link_invalid', 'this link is unknown, used or older than an hour')
    }
    const issuer = fieldsOf(request).get('provider') ?? ''
    const to = await beginSignIn(parts, cookies, reply, { issuer, returnTo: '/' })
    cookies.set(reply, 'setup', token, SETUP_SECONDS)
    return page(
      reply,
      onwardPage({
        title: 'Signing you in',
        text: 'The person who signs in now becomes the first administrator.',
        label: 'Continue',
        to,
      }),
    )
  })
}
