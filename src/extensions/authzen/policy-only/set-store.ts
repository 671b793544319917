import type { Reader, Tx } from '../../../platform/storage/index.ts'
import { AUTHZEN_TABLES } from '../tables.ts'
import type { PolicyOnlySet } from './only-set.ts'

const SETS = AUTHZEN_TABLES.codec('policy_only_sets').of<PolicyOnlySet>({
  read: {
    schema: (row) => row.schema_text,
    by: (row) => row.published_by,
    at: (row) => row.published_at,
  },
  write: {
    schema_text: (set) => set.schema,
    published_by: (set) => set.by,
    published_at: (set) => set.at,
  },
})

export async function latestOnlySet(
  reader: Reader,
  name: string,
): Promise<PolicyOnlySet | undefined> {
  const row = await AUTHZEN_TABLES.in(reader)
    .selectFrom('policy_only_sets')
    .selectAll()
    .where('name', '=', name)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && SETS.read(row)
}

export async function findOnlySet(
  reader: Reader,
  name: string,
  version: number,
): Promise<PolicyOnlySet | undefined> {
  const row = await AUTHZEN_TABLES.in(reader)
    .selectFrom('policy_only_sets')
    .selectAll()
    .where('name', '=', name)
    .where('version', '=', version)
    .executeTakeFirst()
  return row && SETS.read(row)
}

/** Lists the sets without their texts: by name, newest version first. */
export async function listOnlySets(
  reader: Reader,
  name?: string,
): Promise<readonly Omit<PolicyOnlySet, 'policies' | 'schema' | 'entities'>[]> {
  let query = AUTHZEN_TABLES.in(reader)
    .selectFrom('policy_only_sets')
    .select(['name', 'version', 'digest', 'note', 'published_by as by', 'published_at as at'])
  if (name !== undefined) query = query.where('name', '=', name)
  return query.orderBy('name').orderBy('version', 'desc').limit(500).execute()
}

export async function insertOnlySet(tx: Tx, set: PolicyOnlySet): Promise<void> {
  await AUTHZEN_TABLES.in(tx).insertInto('policy_only_sets').values(SETS.write(set)).execute()
}
