import { canonicalJson, domainHash } from '../../../platform/lib/canonical-json.ts'
import type { Reader, Tx } from '../../../platform/storage/index.ts'
import type { DifferenceGroup } from '../replay/tally.ts'
import { ANALYSIS_TABLES } from '../tables.ts'

const DRAFTS = ANALYSIS_TABLES.codec('shadow_drafts').of<ShadowDraft>({
  read: { by: (row) => row.started_by },
  write: { started_by: (draft) => draft.by },
})

/** A draft that runs, or ran, beside the policies in force. */
export interface ShadowDraft {
  /** Number of the draft, from 1. */
  readonly number: number
  readonly text: string
  readonly baseVersion: number
  readonly digest: string
  readonly note: string
  readonly by: string
  readonly startedAt: number
  readonly endedAt: number | null
  readonly endedWhy: ShadowEnding | null
}

/** `published`: another version came into force, so there was nothing left to compare with. */
export type ShadowEnding = 'stopped' | 'replaced' | 'published'

export async function latestDraft(db: Reader): Promise<ShadowDraft | undefined> {
  const row = await ANALYSIS_TABLES.in(db)
    .selectFrom('shadow_drafts')
    .selectAll()
    .orderBy('number', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && DRAFTS.read(row)
}

export async function findDraft(db: Reader, number: number): Promise<ShadowDraft | undefined> {
  const row = await ANALYSIS_TABLES.in(db)
    .selectFrom('shadow_drafts')
    .selectAll()
    .where('number', '=', number)
    .executeTakeFirst()
  return row && DRAFTS.read(row)
}

export async function insertDraft(tx: Tx, draft: ShadowDraft): Promise<void> {
  await ANALYSIS_TABLES.in(tx).insertInto('shadow_drafts').values(DRAFTS.write(draft)).execute()
}

/** False: it had ended. */
export async function endDraft(
  tx: Tx,
  number: number,
  ending: { readonly at: number; readonly why: ShadowEnding },
): Promise<boolean> {
  const { numUpdatedRows } = await ANALYSIS_TABLES.in(tx)
    .updateTable('shadow_drafts')
    .set({ ended_at: ending.at, ended_why: ending.why })
    .where('number', '=', number)
    .where('ended_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Counts of one replica about a draft: all that it has seen so far, each time. */
export interface ReplicaCounts {
  readonly draft: number
  readonly replicaId: string
  readonly seen: number
  readonly dropped: number
  readonly ungrouped: number
  /** Groups that are new, or have grown. */
  readonly groups: readonly DifferenceGroup[]
}

export async function putSeen(tx: Tx, all: ReplicaCounts): Promise<void> {
  const { draft, dropped, groups, replicaId, seen, ungrouped } = all
  const of = { draft, replica_id: replicaId }
  await ANALYSIS_TABLES.in(tx)
    .insertInto('shadow_counts')
    .values({ ...of, seen, dropped, ungrouped })
    .onConflict((conflict) =>
      conflict.columns(['draft', 'replica_id']).doUpdateSet({ seen, dropped, ungrouped }),
    )
    .execute()
  for (const { count, samples, ...found } of groups) {
    const text = canonicalJson({ ...found, rules: [...found.rules] })
    const changing = { count, samples: canonicalJson([...samples]) }
    await ANALYSIS_TABLES.in(tx)
      .insertInto('shadow_differences')
      .values({
        ...of,
        digest: domainHash('remit/shadow-difference/v1', text),
        found: text,
        ...changing,
      })
      .onConflict((conflict) =>
        conflict.columns(['draft', 'replica_id', 'digest']).doUpdateSet(changing),
      )
      .execute()
  }
}

export interface ShadowTotals {
  readonly seen: number
  readonly dropped: number
  readonly ungrouped: number
  readonly groups: readonly DifferenceGroup[]
}

const MAX_SAMPLES = 5

/** Reads the counts of all replicas about a draft, the largest groups first. */
export async function readSeen(db: Reader, draft: number): Promise<ShadowTotals> {
  const counts = await ANALYSIS_TABLES.in(db)
    .selectFrom('shadow_counts')
    .select(['seen', 'dropped', 'ungrouped'])
    .where('draft', '=', draft)
    .execute()
  const rows = await ANALYSIS_TABLES.in(db)
    .selectFrom('shadow_differences')
    .select(['found', 'count', 'samples'])
    .where('draft', '=', draft)
    .orderBy('digest')
    .execute()
  const groups = Array.from(
    Map.groupBy(rows, ({ found }) => found),
    ([found, same]) => ({
      ...(JSON.parse(found) as Omit<DifferenceGroup, 'count' | 'samples'>), // written by putSeen
      count: sum(same.map(({ count }) => count)),
      samples: same
        .flatMap(({ samples }) => JSON.parse(samples) as string[]) // written by putSeen
        .slice(0, MAX_SAMPLES),
    }),
  )
  return {
    seen: sum(counts.map(({ seen }) => seen)),
    dropped: sum(counts.map(({ dropped }) => dropped)),
    ungrouped: sum(counts.map(({ ungrouped }) => ungrouped)),
    groups: groups.toSorted((a, b) => b.count - a.count),
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, each) => all + each, 0)
}
