import type { Cli } from '../cli.ts'
import { CommandFailure, usage } from '../failure.ts'
import { besideDevelopment } from '../server/address.ts'
import { apiUnreachable, refusedFailure } from '../server/refused.ts'

/** Target that a call goes to. */
export interface CallTarget {
  /** Identifier of the resource: what its tokens are for. */
  readonly identifier: string
  /** Identifier, path and query. */
  readonly url: string
  /** Actions that the resource offers, by name. */
  readonly actions: readonly string[]
}

/**
 * Finds what `orders/orders/1042?full=true`, or a whole URL at a gateway, means. The gateway itself says which server its
 * tokens come from (RFC 9728); one that names another server than ours is refused.
 */
export async function findTarget(cli: Cli, given: string): Promise<CallTarget> {
  const { name, rest, origin } = parseTarget(given)
  const identifier = origin === undefined ? await identifierOf(cli, name) : `${origin}/${name}`
  const metadata = await readMetadata(identifier)
  if (metadata.resource !== identifier || !metadata.authorization_servers?.includes(cli.url)) {
    throw new CommandFailure('That API takes its tokens from another server', {
      detail: `${identifier} names ${metadata.authorization_servers?.join(', ') ?? 'none'}, not ${cli.url}`,
      next: ['name its server with --url or REMIT_URL'],
    })
  }
  return { identifier, url: identifier + rest, actions: metadata.scopes_supported ?? [] }
}

/** Resource name, what follows it (with `/` or `?`), and the gateway when a whole URL was given. */
export function parseTarget(given: string): { name: string; rest: string; origin?: string } {
  const match = /^(?:(https?:\/\/[^/?#]+)\/|\/)?([a-z][a-z0-9-]*[a-z0-9])([/?][^#]*)?$/.exec(given)
  const [, origin, name, rest = ''] = match ?? []
  if (name === undefined) {
    throw usage(
      `\`${given}\` is no API with a path`,
      'say it like orders/orders/1042, or as a URL at the gateway',
    )
  }
  return origin === undefined ? { name, rest } : { name, rest, origin }
}

/** The catalog knows, for those who are signed in; else the gateway that is configured here, or that `remit dev` runs. */
async function identifierOf(cli: Cli, name: string): Promise<string> {
  const configured = cli.world.environment.REMIT_GATEWAY
  if (configured) return `${configured.replace(/\/$/, '')}/${name}`
  if (await cli.api.signedIn()) {
    const found = await cli.api
      .call('GET', '/resources/:name', { params: { name } })
      .catch(signedOut)
    if (found) return found.identifier
  }
  const gateway = besideDevelopment(cli.url)?.gateway
  if (gateway !== undefined) return `${gateway}/${name}`
  throw new CommandFailure('The gateway is not known', {
    detail: `\`${name}\` is at some gateway, and none is named`,
    next: ['remit login', 'or set REMIT_GATEWAY', 'or give the whole URL'],
  })
}

/** A session that the server no longer knows is as good as none: agents need none. */
function signedOut(error: unknown): undefined {
  if (error instanceof CommandFailure && error.code === 'session.required') return undefined
  throw error
}

interface Metadata {
  readonly resource?: string
  readonly authorization_servers?: readonly string[]
  readonly scopes_supported?: readonly string[]
}

async function readMetadata(identifier: string): Promise<Metadata> {
  const address = metadataAddress(identifier)
  const { origin } = new URL(identifier)
  const answer = await fetch(address, { redirect: 'error' }).catch((error: unknown) => {
    throw apiUnreachable(address, error)
  })
  if (!answer.ok) throw await refusedFailure(origin, answer)
  return (await answer.json()) as Metadata // as: RFC 9728 section 2; every member is looked at before it is used
}

/** RFC 9728 section 3.1: the path of the identifier comes after; one without a path has none, and no slash. */
export function metadataAddress(identifier: string): string {
  const { origin, pathname } = new URL(identifier)
  return `${origin}/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`
}
