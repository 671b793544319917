import { errors, type KoaContextWithOIDC, type ResourceServer } from 'oidc-provider'
import type { GrantParts } from '../../grants/index.ts'

/**
 * The one resource a client asks for (RFC 8707): named, once, and behind our gateway. The scopes are all of its actions; which
 * of them are granted the person says.
 * @throws errors.InvalidTarget
 */
export async function resourceServer(
  { catalog }: Pick<GrantParts, 'catalog'>,
  context: KoaContextWithOIDC,
  identifier: string,
): Promise<ResourceServer> {
  const { resource: asked } = context.oidc.params ?? {}
  if (Array.isArray(asked)) throw new errors.InvalidTarget('exactly one `resource` is needed')
  const view = await catalog.current()
  const resource = view.byIdentifier.get(identifier)
  if (resource?.mode !== 'gateway' || resource.status !== 'active')
    throw new errors.InvalidTarget('no such resource is offered')
  const scope = view
    .actionsOf(resource.name)
    .map(({ name }) => name)
    .join(' ')
  return { scope, audience: identifier, accessTokenFormat: 'opaque' }
}
