import { type Client, errors, type KoaContextWithOIDC } from 'oidc-provider'
import { locationsOf } from '../../code-grant/index.ts'
import type { GrantParts } from '../../grants/index.ts'

/**
 * The resource of a request that does not name one (RFC 8707 section 2 lets a server choose): where its details are (RFC 9396), the one
 * resource that all the actions in its scope are of, or the one that the client registered.
 * INVARIANT: never guessed among several.
 * @throws errors.InvalidTarget
 */
export async function resourceWanted(
  { catalog }: Pick<GrantParts, 'catalog'>,
  { oidc }: KoaContextWithOIDC,
  client: Client | undefined,
): Promise<string> {
  const { authorization_details: details, scope } = oidc.params ?? {}
  const view = await catalog.current()
  const named = new Set(typeof details === 'string' ? locationsOf(details) : [])
  for (const name of String(scope ?? '').split(' ')) {
    const action = view.actions.get(name)
    const resource = action && view.resources.get(action.resource)
    if (resource) named.add(resource.identifier)
  }
  const usual = client?.metadata().default_resource
  if (named.size === 0 && typeof usual === 'string') return usual
  const [only, ...others] = named
  if (only !== undefined && others.length === 0) return only
  throw new errors.InvalidTarget(only === undefined ? NOTHING_NAMED : severalOf([...named]))
}

const NOTHING_NAMED =
  "'resource' is needed: the address of the server that the token is for, or 'authorization_details' or a scope that say it"
const MAX_TOLD = 10

function severalOf(named: readonly string[]): string {
  const told = named.toSorted().slice(0, MAX_TOLD).join(' ')
  return `'resource' is needed, and is one of those that the request is about: ${told}`
}
