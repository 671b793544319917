import type { Detail } from '@remit/engine'
import type { Selectable } from 'kysely'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { Reader, Schema, Tx } from '../storage/index.ts'
import type { Space, SpaceKind, SpaceLine, SpaceMode, SpaceStatus } from './space.ts'

export async function insertSpace(tx: Tx, space: Space): Promise<void> {
  await tx
    .insertInto('spaces')
    .values({
      id: space.id,
      parent_id: space.parentId,
      kind: space.kind,
      status: space.status,
      created_by: space.createdBy,
      created_at: space.createdAt,
      ...rulesOf(space),
    })
    .execute()
}

/** Finds a space, whatever its status; `undefined` when there never was one. */
export async function findSpace(reader: Reader, id: string): Promise<Space | undefined> {
  const row = await reader.selectFrom('spaces').selectAll().where('id', '=', id).executeTakeFirst()
  return row && spaceOf(row)
}

/** The space and those above it, nearest first; empty when there is none. What is above never changes, what they say may. */
export async function findLine(reader: Reader, id: string): Promise<SpaceLine> {
  const line: Space[] = []
  for (let next: string | null = id; next !== null; ) {
    const space = await findSpace(reader, next)
    if (!space) break
    line.push(space)
    next = space.parentId
  }
  return line
}

/** Lists the spaces that are not removed, by name. */
export async function listSpaces(reader: Reader): Promise<readonly Space[]> {
  const rows = await reader
    .selectFrom('spaces')
    .selectAll()
    .where('status', '!=', 'removed')
    .orderBy('id')
    .execute()
  return rows.map(spaceOf)
}

/** Ids of a space and everything below it that is not removed, those above first. */
export async function treeOfSpace(tx: Tx, id: string): Promise<readonly string[]> {
  const ids = [id]
  for (let from = 0; from < ids.length; ) {
    const parents = ids.slice(from)
    from = ids.length
    const rows = await tx
      .selectFrom('spaces')
      .select('id')
      .where('parent_id', 'in', parents)
      .where('status', '!=', 'removed')
      .execute()
    ids.push(...rows.map((row) => row.id))
  }
  return ids
}

export async function hasOrganization(tx: Tx): Promise<boolean> {
  const row = await tx
    .selectFrom('spaces')
    .select('id')
    .where('kind', '=', 'organization')
    .where('status', '!=', 'removed')
    .executeTakeFirst()
  return row !== undefined
}

export async function updateRules(tx: Tx, space: Space): Promise<void> {
  await tx.updateTable('spaces').set(rulesOf(space)).where('id', '=', space.id).execute()
}

/** False when it was in none of the states `from`. */
export async function changeStatus(
  tx: Tx,
  id: string,
  from: readonly SpaceStatus[],
  to: SpaceStatus,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('spaces')
    .set({ status: to })
    .where('id', '=', id)
    .where('status', 'in', from)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

function rulesOf({ agents, details, mode, people, title }: Space) {
  return {
    title,
    mode,
    people: people && canonicalJson(people),
    agents: agents && canonicalJson(agents),
    details: details && canonicalJson(details),
  }
}

function spaceOf(row: Selectable<Schema['spaces']>): Space {
  return {
    id: row.id,
    parentId: row.parent_id,
    kind: row.kind as SpaceKind, // a CHECK of the table
    title: row.title,
    mode: row.mode as SpaceMode | null, // likewise
    people: row.people === null ? null : (JSON.parse(row.people) as string[]), // written by rulesOf
    agents: row.agents === null ? null : (JSON.parse(row.agents) as string[]), // likewise
    details: row.details === null ? null : (JSON.parse(row.details) as Detail[]), // likewise
    status: row.status as SpaceStatus, // a CHECK of the table
    createdBy: row.created_by,
    createdAt: row.created_at,
  }
}
