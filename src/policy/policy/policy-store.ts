import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import type { TestSource } from './cases/case.ts'

const SETS = codec('policy_sets').of<PublishedSet>({
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

/** One published set of policies. Never changed. */
export type PublishedSet = {
  /** Version, from 1. The highest is the active one. */
  readonly version: number
  readonly text: string
  /** The files that the text was put together from; none where they were not given. */
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
  return row && SETS.read(row)
}

export async function findSet(reader: Reader, version: number): Promise<PublishedSet | undefined> {
  const row = await reader
    .selectFrom('policy_sets')
    .selectAll()
    .where('version', '=', version)
    .executeTakeFirst()
  return row && SETS.read(row)
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
  await tx.insertInto('policy_sets').values(SETS.write(set)).execute()
}

/** A file that became part of a published text, and the line of the text that it begins in (from 1). */
export type SourceFile = { readonly file: string; readonly line: number }

/** Finds where a line of the text stands in the files; in the text itself when they were not given. */
export function placeInFiles(
  files: readonly SourceFile[],
  line: number,
): { readonly file: string | undefined; readonly line: number } {
  const found = files.findLast((each) => each.line <= line)
  return { file: found?.file, line: line - (found?.line ?? 1) + 1 }
}
