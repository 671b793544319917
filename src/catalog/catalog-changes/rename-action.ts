import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import {
  type Action,
  type CatalogParts,
  changeAction,
  changeCatalog,
  NamedActions,
  shownName,
} from '../catalog/index.ts'
import { requireAction } from './change-action.ts'
import { selectOffers } from './review/offer-store.ts'

/** Names that one action may have been given, one after the other: each of them stays its own. */
export const MAX_GIVEN_NAMES = 16
const GIVEN_NAME = /^[a-z][a-z0-9._-]*[a-z0-9]$/
const MAX_LENGTH = 80

/**
 * The name by which people know an action from now on. INVARIANT: rows, signatures and decisions keep the action's own name,
 * so nothing that was allowed stops, and nothing else begins; names that were given before go on to mean this action, and no other
 * action gets one of them.
 * @throws Problem `catalog.unknown_action`, `catalog.bad_name`, `catalog.exists`, `policy.would_break`, `catalog.changed`
 */
export async function renameAction(
  parts: CatalogParts,
  change: { readonly action: string; readonly name: string; readonly by: string },
): Promise<Action> {
  const { by, name } = change
  const found = await requireAction(parts, change.action)
  const { resource } = found
  checkName(name, resource)
  if (shownName(found) === name) return found
  let after = found
  await changeCatalog(parts, {
    // INVARIANT: looked at after the epoch was read, so that a name is given once.
    next: (all) => {
      const known = new NamedActions(all)
      const action = known.get(found.name)
      if (!action) throw new Problem('catalog.changed', `\`${found.name}\` is not there any more`)
      const owner = known.get(name)
      if (owner && owner.name !== action.name)
        throw new Problem('catalog.exists', `\`${name}\` is the name of \`${owner.name}\``)
      after = { ...action, ...extendedNames(action, name) }
      return all.map((each) => (each.name === after.name ? after : each))
    },
    write: async (tx) => {
      const offered = await selectOffers(tx, resource)
      if (offered.some(({ action }) => action === name && action !== after.name))
        throw new Problem('catalog.exists', `\`${name}\` waits for review as another action`)
      await changeAction(tx, after.name, { names: canonicalJson([...(after.names ?? [])]) })
      await parts.ledger.append(tx, {
        type: 'action.renamed',
        resource,
        action: after.name,
        by,
        facts: { name, before: shownName(found) },
      })
    },
    raises: [],
  })
  return after
}

/** Lists the names of an action with one more, the latest first. */
function extendedNames(
  { name: own, names = [] }: Action,
  name: string,
): Required<Pick<Action, 'names'>> {
  const given = [name, ...names.filter((each) => each !== name)]
  if (given.length > MAX_GIVEN_NAMES)
    throw new Problem(
      'catalog.bad_name',
      `\`${own}\` was given ${MAX_GIVEN_NAMES} names already, and each stays its own`,
    )
  return { names: given }
}

function checkName(name: string, resource: string): void {
  const own = name.startsWith(`${resource}.`) ? name.slice(resource.length + 1) : ''
  if (GIVEN_NAME.test(own) && own.length <= MAX_LENGTH) return
  throw new Problem(
    'catalog.bad_name',
    `a name of an action of \`${resource}\` begins with \`${resource}.\`, and goes on with at most ${MAX_LENGTH} lower-case letters, digits and \`. _ -\``,
  )
}
