import { Problem } from '../../platform/lib/problem.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { groupExists } from './group-store.ts'
import type { PeopleParts } from './parts.ts'
import { findPerson } from './person-store.ts'

/** Ids of the people of a group who are on call, in the order in which they are told. */
export async function onCallOf(db: Reader, group: string): Promise<string[]> {
  const rows = await db
    .selectFrom('on_call')
    .select('person_id')
    .where('group_name', '=', group)
    .orderBy('turn')
    .execute()
  return rows.map(({ person_id }) => person_id)
}

/**
 * Sets who of a group is on call. It changes who is told first, and no one's rights: a person outside the group can answer
 * nothing, and is passed over.
 * @throws Problem `group.unknown`, `person.unknown`
 */
export async function setOnCall(
  { ledger, storage }: Pick<PeopleParts, 'ledger' | 'storage'>,
  { by, group, people }: { readonly group: string; readonly people: readonly string[]; by: string },
): Promise<void> {
  const order = [...new Set(people)]
  await storage.transaction(async (tx) => {
    if (!(await groupExists(tx, group)))
      throw new Problem('group.unknown', `there is no group \`${group}\``)
    for (const id of order)
      if (!(await findPerson(tx, id)))
        throw new Problem('person.unknown', `there is no person \`${id}\``)
    await tx.deleteFrom('on_call').where('group_name', '=', group).execute()
    const rows = order.map((id, turn) => ({ group_name: group, turn, person_id: id }))
    if (rows.length > 0) await tx.insertInto('on_call').values(rows).execute()
    await ledger.append(tx, { type: 'group.on_call_changed', by, facts: { group, people: order } })
  })
}
