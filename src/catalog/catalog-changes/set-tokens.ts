import { Problem } from '../../platform/lib/problem.ts'
import { type CatalogParts, changeCatalog, changeResource } from '../catalog/index.ts'

/**
 * Changes to the resource tokens of a resource: their form, whom they name, and whether one is taken
 * that nothing is proved of. A member that is left out stays as it is.
 */
export interface TokenWish {
  readonly form?: 'jwt' | 'opaque' | undefined
  readonly subjects?: 'public' | 'pairwise' | undefined
  readonly bearer?: 'allowed' | 'refused' | undefined
}

/**
 * The administrator's word on the tokens of a resource. When it has returned, those from before do not work any more.
 * @throws Problem `catalog.unknown_resource`, `catalog.changed`
 */
export async function setTokens(
  parts: CatalogParts,
  change: TokenWish & { readonly name: string; readonly by: string },
): Promise<void> {
  const { bearer, by, form, name, subjects } = change
  const wish = {
    ...(form === undefined ? {} : { token_form: form }),
    ...(subjects === undefined ? {} : { subjects }),
    ...(bearer === undefined ? {} : { bearer }),
  }
  await changeCatalog(parts, {
    write: async (tx) => {
      const row = { ...wish, updated_at: parts.clock.now() }
      if (!(await changeResource(tx, name, ['active', 'suspended'], row)))
        throw new Problem('catalog.unknown_resource', `there is no resource \`${name}\``)
      await parts.ledger.append(tx, {
        type: 'resource.tokens_set',
        resource: name,
        by,
        facts: wish,
      })
    },
    raises: [{ kind: 'resource', id: name }],
  })
}
