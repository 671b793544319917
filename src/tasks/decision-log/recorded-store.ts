import type { Reader, Step, Tx } from '../../platform/storage/index.ts'

/** Inputs of a decision, as they are stored. */
export interface StoredInputs {
  readonly inputs: string | null
  /** Digest. */
  readonly setting: string | null
}

export function insertSettingQuery(db: Reader, digest: string, value: string): Step['query'] {
  return db
    .insertInto('decision_settings')
    .values({ digest, value })
    .onConflict((conflict) => conflict.column('digest').doNothing())
}

export async function findInputs(db: Reader, decisionId: string): Promise<StoredInputs> {
  const row = await db
    .selectFrom('decisions')
    .select(['inputs', 'setting'])
    .where('id', '=', decisionId)
    .executeTakeFirst()
  return row ?? { inputs: null, setting: null }
}

export async function findSetting(db: Reader, digest: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('decision_settings')
    .select('value')
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row?.value
}

/** Answers how many there were. */
export async function eraseInputs(tx: Tx, decisionIds: readonly string[]): Promise<number> {
  if (decisionIds.length === 0) return 0
  const { numUpdatedRows } = await tx
    .updateTable('decisions')
    .set({ inputs: null })
    .where('id', 'in', decisionIds)
    .where('inputs', 'is not', null)
    .executeTakeFirst()
  return Number(numUpdatedRows)
}
