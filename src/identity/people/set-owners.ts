import { type CatalogParts, changeCatalog, changeResource } from '../../catalog/catalog/index.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { groupExists } from './group-store.ts'
import { findPerson } from './person-store.ts'

/**
 * Sets who owns a resource: names as in rules, `group:orders` and `person:psn_…`. Rules that ask its
 * `owner` mean these people from then on.
 * @throws Problem `catalog.unknown_resource`, `group.unknown`, `person.unknown`, `catalog.changed`
 */
export async function setOwners(
  parts: CatalogParts,
  { by, name, owners: wanted }: { name: string; owners: readonly string[]; by: string },
): Promise<void> {
  const owners = [...new Set(wanted)].toSorted()
  await changeCatalog(parts, {
    write: async (tx) => {
      await requireOwners(tx, owners)
      const row = {
        owners: owners.length === 0 ? null : canonicalJson(owners),
        updated_at: parts.clock.now(),
      }
      if (!(await changeResource(tx, name, ['active', 'suspended'], row)))
        throw new Problem('catalog.unknown_resource', `there is no resource \`${name}\``)
      await parts.ledger.append(tx, {
        type: 'resource.owners_set',
        resource: name,
        by,
        facts: { owners },
      })
    },
    raises: [],
  })
}

/** Requires that every owner is there. @throws Problem `group.unknown`, `person.unknown` */
export async function requireOwners(db: Reader, owners: readonly string[]): Promise<void> {
  for (const owner of owners) await requireKnown(db, owner)
}

async function requireKnown(db: Reader, owner: string): Promise<void> {
  const value = owner.slice(owner.indexOf(':') + 1)
  if (owner.startsWith('group:')) {
    if (!(await groupExists(db, value)))
      throw new Problem('group.unknown', `there is no group \`${value}\``)
  } else if (!(await findPerson(db, value)))
    throw new Problem('person.unknown', `there is no person \`${value}\``)
}
