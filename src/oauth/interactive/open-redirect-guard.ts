import type { KoaContextWithOIDC } from 'oidc-provider'
import { isLetIn, isLoopbackRedirect } from '../../client-metadata/index.ts'
import type { GrantParts } from '../../grants/index.ts'
import { Problem } from '../../lib/problem.ts'

/** Koa's middleware, as far as it is used here. */
type Middleware = (context: KoaContextWithOIDC, next: () => Promise<void>) => Promise<void>

/**
 * What the authorization endpoint answers without having asked a person, and where to.
 * INVARIANT: a browser leaves for an address of a client only after a person pressed a button, unless the client was let in or the
 * address is the person's own computer. Anyone can register an address; a link of ours that leads straight there would lend it our
 * name (RFC 9700 section 4.11.2). And answers are sent in the query, never in a form or a fragment, errors included.
 */
export function answerWhereKnown(ports: {
  readonly decisions: Pick<GrantParts, 'storage'>
  readonly path: string
  readonly show: (context: KoaContextWithOIDC, problem: Problem) => void
}): Middleware {
  return async (context, next) => {
    if (context.path !== ports.path) return next()
    const { response_mode: mode = 'query' } = context.query
    if (mode !== 'query' && mode !== '')
      return ports.show(context, bad('answers are sent in the query: leave `response_mode` out'))
    await next()
    const away = awayFrom(context)
    if (away === undefined) return
    if (await mayLeave(ports.decisions, context)) {
      if (away.hash !== '') context.set('Location', inQuery(away))
      return
    }
    context.remove('Location')
    const told = new URL(inQuery(away)).searchParams
    const why = told.get('error_description') ?? 'the request cannot be answered'
    ports.show(context, bad(why))
  }
}

/** Errors of response types that are answered in the fragment, if there were any. */
function inQuery(away: URL): string {
  const there = new URL(away)
  there.hash = ''
  for (const [name, value] of new URLSearchParams(away.hash.slice(1)))
    there.searchParams.append(name, value)
  return there.href
}

/** Where the browser is sent, if that is not to us. */
function awayFrom(context: KoaContextWithOIDC): URL | undefined {
  const to = String(context.res.getHeader('location') ?? '')
  return to === '' || to.startsWith('/') ? undefined : new URL(to)
}

async function mayLeave(
  { storage }: Pick<GrantParts, 'storage'>,
  { oidc }: KoaContextWithOIDC,
): Promise<boolean> {
  const { client, params } = oidc
  if (!client || typeof params?.redirect_uri !== 'string') return false
  if (isLoopbackRedirect(params.redirect_uri)) return true
  return isLetIn(storage.read, {
    clientId: client.clientId,
    redirectUris: client.redirectUris ?? [],
  })
}

function bad(detail: string): Problem {
  return new Problem('authorization.bad_request', detail)
}
