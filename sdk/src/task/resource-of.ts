import { CallFailed, UsageError } from '../errors.ts'
import { challengesOf } from '../wire/challenge.ts'
import type { Fetch } from '../wire/ports.ts'
import { objectOf } from '../wire/problem.ts'
import { reach, secureUrl } from '../wire/server.ts'

/**
 * Tells whether an address is a resource's, or below it. Compared as it is written: identifiers are
 * byte-exact.
 */
export function isBelow(url: string, resource: string): boolean {
  if (!url.startsWith(resource)) return false
  const rest = url.slice(resource.length)
  return rest === '' || rest.startsWith('/') || rest.startsWith('?')
}

/** The longest of these resources that the address is below. */
export function longestPrefix(url: string, resources: Iterable<string>): string | undefined {
  let longest: string | undefined
  for (const resource of resources) {
    if (isBelow(url, resource) && resource.length > (longest?.length ?? -1)) longest = resource
  }
  return longest
}

/**
 * The resource that a 401 tells of (RFC 9728 section 5): its metadata has to come from the same origin, be about an
 * address that the call is below, and name our server. `undefined`: the answer tells of none.
 * @throws {CallFailed} {UsageError}
 */
export async function resourceFromChallenge(
  response: Response,
  call: { readonly url: string; readonly issuer: string; readonly fetch: Fetch },
): Promise<string | undefined> {
  const { fetch, issuer, url } = call
  const challenges = challengesOf(response.headers.get('www-authenticate'))
  const where = challenges
    .map(({ parameters }) => parameters.get('resource_metadata'))
    .find((each) => each !== undefined)
  if (response.status !== 401 || where === undefined) return undefined
  if (secureUrl(where).origin !== new URL(url).origin)
    throw new UsageError(`\`${url}\` points to metadata of another origin, \`${where}\``)
  const headers = { accept: 'application/json' }
  const answer = await reach(where, () => fetch(where, { headers, redirect: 'manual' }))
  const { authorization_servers, resource } = await objectOf(answer)
  if (typeof resource !== 'string' || !answer.ok)
    throw new CallFailed('server.unreadable', `\`${where}\` describes no resource`, {
      effect: 'none',
      status: answer.status,
    })
  // RFC 9728 section 3.3: what is described has to be what was asked for. Otherwise a token would go to a stranger.
  if (!isBelow(url, resource))
    throw new UsageError(`\`${url}\` says that it is \`${resource}\`, which it is not below`)
  if (!Array.isArray(authorization_servers) || !authorization_servers.includes(issuer))
    throw new UsageError(`\`${resource}\` takes no tokens of \`${issuer}\``)
  return resource
}
