import type { Selectable } from 'kysely'
import type { Reader, Schema, Tx } from '../../storage/index.ts'
import type { OnlySet } from './only-set.ts'

export async function latestOnlySet(reader: Reader, name: string): Promise<OnlySet | undefined> {
  const row = await reader
    .selectFrom('policy_only_sets')
    .selectAll()
    .where('name', '=', name)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && setOf(row)
}

export async function findOnlySet(
  reader: Reader,
  name: string,
  version: number,
): Promise<OnlySet | undefined> {
  const row = await reader
    .selectFrom('policy_only_sets')
    .selectAll()
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst()
  return row && setOf(row)
}

/** Lists the sets without their texts: by name, newest version first. */
export async function listOnlySets(
  reader: Reader,
  name?: string,
): Promise<readonly Omit<OnlySet, 'policies' | 'schema' | 'entities'>[]> {
  let query = reader
    .selectFrom('policy_only_sets')
    .select(['name', 'version', 'digest', 'note', 'published_by as by', 'published_at as at'])
  if (name !== undefined) query = query.where('name', '=', name)
  return query.orderBy('name').orderBy('version', 'desc').limit(500).execute()
}

export async function insertOnlySet(tx: Tx, set: OnlySet): Promise<void> {
  await tx
    .insertInto('policy_only_sets')
    .values({
      name: set.name,
      version: set.version,
      policies: set.policies,
      schema_text: set.schema,
      entities: set.entities,
      digest: set.digest,
      note: set.note,
      published_by: set.by,
      published_at: set.at,
    })
    .execute()
}

function setOf(row: Selectable<Schema['policy_only_sets']>): OnlySet {
  return {
    name: row.name,
    version: row.version,
    policies: row.policies,
    schema: row.schema_text,
    entities: row.entities,
    digest: row.digest,
    note: row.note,
    by: row.published_by,
    at: row.published_at,
  }
}
