import { ORGANIZATION } from '../../platform/revocation/index.ts'
import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import type { Space, SpaceLine, SpaceStatus } from './space.ts'

const SPACES = codec('spaces').of<Space>()

export async function insertSpace(tx: Tx, space: Space): Promise<void> {
  await tx.insertInto('spaces').values(SPACES.write(space)).execute()
}

/** Finds a space, whatever its status; `undefined` when there never was one. */
export async function findSpace(reader: Reader, id: string): Promise<Space | undefined> {
  const row = await reader.selectFrom('spaces').selectAll().where('id', '=', id).executeTakeFirst()
  return row && SPACES.read(row)
}

/** The space and those above it, nearest first; empty when there is none. The spaces above never change, their rules may. */
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
  return rows.map(SPACES.read)
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

export async function updateRules(
  tx: Tx,
  { agents, details, id, mode, people, title }: Space,
): Promise<void> {
  await tx
    .updateTable('spaces')
    .set(SPACES.change({ title, mode, people, agents, details }))
    .where('id', '=', id)
    .execute()
}

/** False when it was in none of the states `from`. */
export async function changeSpaceStatus(
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

/** Tells whether everything is stopped. */
export async function isEverythingStopped(db: Reader): Promise<boolean> {
  const { id, kind } = ORGANIZATION
  const row = await db
    .selectFrom('live_epochs')
    .select('state')
    .where('kind', '=', kind)
    .where('id', '=', id)
    .executeTakeFirst()
  return row !== undefined && row.state !== 'active'
}
