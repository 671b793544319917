import type { Reader, Tx } from '../../../platform/storage/index.ts'
import { listKeys } from '../../agents/index.ts'
import type { CertificateName } from './certificate-name.ts'

export async function listCertificateNames(
  reader: Reader,
  agentId: string,
): Promise<CertificateName[]> {
  const rows = await reader
    .selectFrom('agent_certificate_names')
    .select(['kind', 'value'])
    .where('agent_id', '=', agentId)
    .orderBy('kind')
    .orderBy('value')
    .execute()
  return rows.map(({ kind, value }) => ({ kind: kind as CertificateName['kind'], value })) // a CHECK of the table
}

/** False when the name is an agent's already. */
export async function insertCertificateName(
  tx: Tx,
  of: CertificateName & { readonly agentId: string; readonly now: number },
): Promise<boolean> {
  const { agentId, kind, now, value } = of
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('agent_certificate_names')
    .values({ kind, value, agent_id: agentId, created_at: now })
    .onConflict((conflict) => conflict.columns(['kind', 'value']).doNothing())
    .executeTakeFirstOrThrow()
  await tx
    .insertInto('certified_agents')
    .values({ agent_id: agentId })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  return numInsertedOrUpdatedRows === 1n
}

/** Tells whether it ever had one, also one that was taken back. */
export async function wasCertified(reader: Reader, agentId: string): Promise<boolean> {
  const row = await reader
    .selectFrom('certified_agents')
    .select('agent_id')
    .where('agent_id', '=', agentId)
    .executeTakeFirst()
  return row !== undefined
}

export async function deleteCertificateName(
  tx: Tx,
  { agentId, kind, value }: CertificateName & { readonly agentId: string },
): Promise<void> {
  await tx
    .deleteFrom('agent_certificate_names')
    .where('kind', '=', kind)
    .where('value', '=', value)
    .where('agent_id', '=', agentId)
    .execute()
}

/**
 * Tells whether an administrator said how this agent proves itself: by a key, or by a certificate
 * that has its name. Tokens of such an agent need proof of possession (contract 4,
 * "Bearer").
 */
export async function canProve(reader: Reader, agentId: string): Promise<boolean> {
  const keys = await listKeys(reader, agentId)
  return keys.length > 0 || (await listCertificateNames(reader, agentId)).length > 0
}
