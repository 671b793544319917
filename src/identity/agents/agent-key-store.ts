import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import type { AgentKey } from './agent.ts'

const KEYS = codec('agent_keys').of<AgentKey>()

/** Keys of an agent that still count, oldest first. */
export async function listKeys(reader: Reader, agentId: string): Promise<AgentKey[]> {
  const rows = await reader
    .selectFrom('agent_keys')
    .selectAll()
    .where('agent_id', '=', agentId)
    .where('revoked_at', 'is', null)
    .orderBy('created_at')
    .orderBy('thumbprint')
    .execute()
  return rows.map(KEYS.read)
}

/** Tells whether it ever had one, also one that was revoked. */
export async function hadKeys(reader: Reader, agentId: string): Promise<boolean> {
  const row = await reader
    .selectFrom('agent_keys')
    .select('thumbprint')
    .where('agent_id', '=', agentId)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** False when the key, or its `kid` within the agent, is in use; a revoked key never comes back. */
export async function insertKey(tx: Tx, key: AgentKey): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('agent_keys')
    .values(KEYS.write(key))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** False when there was no such key in use. */
export async function revokeKeyRow(
  tx: Tx,
  agentId: string,
  thumbprint: string,
  at: number,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('agent_keys')
    .set({ revoked_at: at })
    .where('agent_id', '=', agentId)
    .where('thumbprint', '=', thumbprint)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
