import { Problem } from '../../platform/lib/problem.ts'
import type { Reader, Tx } from '../../platform/storage/index.ts'

/** A group of Remit's own. `mappings` says which provider values put people into it. */
export interface Group {
  readonly name: string
  readonly description: string
  readonly createdAt: number
  readonly mappings: readonly { readonly issuer: string; readonly value: string }[]
}

export type MembershipSource = 'provider' | 'manual'

export async function insertGroup(
  tx: Tx,
  group: { name: string; description: string; createdAt: number },
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('groups')
    .values({ name: group.name, description: group.description, created_at: group.createdAt })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function groupExists(reader: Reader, name: string): Promise<boolean> {
  const row = await reader
    .selectFrom('groups')
    .select('name')
    .where('name', '=', name)
    .executeTakeFirst()
  return row !== undefined
}

export async function selectGroups(reader: Reader): Promise<readonly Group[]> {
  const groups = await reader.selectFrom('groups').selectAll().orderBy('name').execute()
  const mappings = await reader
    .selectFrom('group_mappings')
    .selectAll()
    .orderBy('issuer')
    .orderBy('value')
    .execute()
  return groups.map((row) => ({
    name: row.name,
    description: row.description,
    createdAt: row.created_at,
    mappings: mappings
      .filter(({ group_name }) => group_name === row.name)
      .map(({ issuer, value }) => ({ issuer, value })),
  }))
}

/** False when the person was a member from that source already. Throws `group.unknown`. */
export async function insertMember(
  tx: Tx,
  personId: string,
  group: string,
  source: MembershipSource,
): Promise<boolean> {
  if (!(await groupExists(tx, group)))
    throw new Problem('group.unknown', `there is no group \`${group}\``)
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('memberships')
    .values({ person_id: personId, group_name: group, source })
    .onConflict((conflict) => conflict.columns(['person_id', 'group_name', 'source']).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** False when there was no such membership. */
export async function removeMember(
  tx: Tx,
  personId: string,
  group: string,
  source: MembershipSource,
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('memberships')
    .where('person_id', '=', personId)
    .where('group_name', '=', group)
    .where('source', '=', source)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

export async function providerGroupsOf(reader: Reader, personId: string): Promise<string[]> {
  const rows = await reader
    .selectFrom('memberships')
    .select('group_name')
    .where('person_id', '=', personId)
    .where('source', '=', 'provider')
    .orderBy('group_name')
    .execute()
  return rows.map((row) => row.group_name)
}

/** The groups that these values of this provider stand for. */
export async function mappedGroups(
  reader: Reader,
  issuer: string,
  values: readonly string[],
): Promise<string[]> {
  if (values.length === 0) return []
  const rows = await reader
    .selectFrom('group_mappings')
    .select('group_name')
    .distinct()
    .where('issuer', '=', issuer)
    .where('value', 'in', values)
    .orderBy('group_name')
    .execute()
  return rows.map((row) => row.group_name)
}

export interface Mapping {
  readonly issuer: string
  readonly value: string
  readonly group: string
}

export async function insertMapping(tx: Tx, mapping: Mapping): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('group_mappings')
    .values({ issuer: mapping.issuer, value: mapping.value, group_name: mapping.group })
    .onConflict((conflict) => conflict.columns(['issuer', 'value', 'group_name']).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function deleteMapping(tx: Tx, mapping: Mapping): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('group_mappings')
    .where('issuer', '=', mapping.issuer)
    .where('value', '=', mapping.value)
    .where('group_name', '=', mapping.group)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

/** Ends the memberships in a group that one provider gave; answers whose. */
export async function removeProviderMembers(
  tx: Tx,
  issuer: string,
  group: string,
): Promise<string[]> {
  const rows = await tx
    .deleteFrom('memberships')
    .where('group_name', '=', group)
    .where('source', '=', 'provider')
    .where('person_id', 'in', (query) =>
      query.selectFrom('persons').select('id').where('issuer', '=', issuer),
    )
    .returning('person_id')
    .execute()
  return rows.map((row) => row.person_id)
}
