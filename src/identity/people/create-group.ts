import { isName } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { type Group, insertGroup, selectGroups } from './group-store.ts'
import type { PeopleParts } from './parts.ts'
import { ADMINISTRATORS } from './person.ts'

export function listGroups(parts: Pick<PeopleParts, 'storage'>): Promise<readonly Group[]> {
  return selectGroups(parts.storage.read)
}

/** Throws `group.bad_name`, `group.exists`. */
export async function createGroup(
  parts: PeopleParts,
  group: { name: string; description: string; by: string },
): Promise<void> {
  const { name, description, by } = group
  if (!isName(name))
    throw new Problem(
      'group.bad_name',
      `\`${name}\` is not a name: lower-case letters, digits and hyphens`,
    )
  await parts.storage.transaction(async (tx) => {
    if (!(await insertGroup(tx, { name, description, createdAt: parts.clock.now() })))
      throw new Problem('group.exists', `there is a group \`${name}\` already`)
    await parts.ledger.append(tx, { type: 'group.created', by, facts: { group: name } })
  })
}

/** Makes the groups that always exist. Idempotent; once at every start. */
export async function createBuiltInGroups(
  parts: Pick<PeopleParts, 'storage' | 'clock'>,
): Promise<void> {
  await parts.storage.transaction((tx) =>
    insertGroup(tx, {
      name: ADMINISTRATORS,
      description: 'Manage Remit',
      createdAt: parts.clock.now(),
    }),
  )
}
