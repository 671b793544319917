import type { Reader } from '../../platform/storage/index.ts'

/** The newest signed checkpoint of a database. */
export async function newestCheckpoint(read: Reader): Promise<string | null> {
  const row = await read
    .selectFrom('ledger_checkpoints')
    .select('note')
    .orderBy('size', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row?.note ?? null
}

/** Number of records that have a position. */
export async function treeSize(read: Reader): Promise<number> {
  const row = await read.selectFrom('ledger_head').select('size').executeTakeFirst()
  return row?.size ?? 0
}
