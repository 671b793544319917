import type { Selectable } from 'kysely'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { Reader, Schema, Tx } from '../storage/index.ts'
import type { TestSource } from './cases/case.ts'
import type { SourceFile } from './source-files.ts'

/** One published set of policies. Never changed. */
export type PublishedSet = {
  /** Version, from 1. The highest is the active one. */
  readonly version: number
  readonly text: string
  /** The files that the text was put together from; none where nobody said. */
  readonly files: readonly SourceFile[]
  /** Tests of the set, which held when it was published. */
  readonly tests: readonly TestSource[]
  /** Schema that the text was validated against. */
  readonly schema: string
  readonly digest: string
  readonly note: string
  readonly by: string
  readonly at: number
}

export async function latestSet(reader: Reader): Promise<PublishedSet | undefined> {
  const row = await reader
    .selectFrom('policy_sets')
    .selectAll()
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && setOf(row)
}

export async function findSet(reader: Reader, version: number): Promise<PublishedSet | undefined> {
  const row = await reader
    .selectFrom('policy_sets')
    .selectAll()
    .where('version', '=', version)
    .executeTakeFirst()
  return row && setOf(row)
}

export type ListedSet = Omit<PublishedSet, 'text' | 'schema' | 'files' | 'tests'>

/** Lists the sets without their texts, newest first. */
export function listSets(reader: Reader, limit = 100): Promise<readonly ListedSet[]> {
  return reader
    .selectFrom('policy_sets')
    .select(['version', 'digest', 'note', 'published_by as by', 'published_at as at'])
    .orderBy('version', 'desc')
    .limit(limit)
    .execute()
}

export async function insertSet(tx: Tx, set: PublishedSet): Promise<void> {
  await tx
    .insertInto('policy_sets')
    .values({
      version: set.version,
      text: set.text,
      files: canonicalJson(set.files),
      tests: canonicalJson(set.tests),
      schema_text: set.schema,
      digest: set.digest,
      note: set.note,
      published_by: set.by,
      published_at: set.at,
    })
    .execute()
}

function setOf(row: Selectable<Schema['policy_sets']>): PublishedSet {
  return {
    version: row.version,
    text: row.text,
    files: JSON.parse(row.files) as SourceFile[], // written by insertSet
    tests: JSON.parse(row.tests) as TestSource[], // written by insertSet
    schema: row.schema_text,
    digest: row.digest,
    note: row.note,
    by: row.published_by,
    at: row.published_at,
  }
}
