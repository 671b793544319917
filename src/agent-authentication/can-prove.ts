import { listKeys } from '../agents/index.ts'
import type { Reader } from '../storage/index.ts'
import { listCertificateNames } from './certificates/certificate-name-store.ts'

/**
 * Whether an administrator said how this agent proves itself: by a key, or by a certificate that has its name. What is issued to such an agent
 * needs proof of possession (contract 4, "Bearer").
 */
export async function canProve(reader: Reader, agentId: string): Promise<boolean> {
  const keys = await listKeys(reader, agentId)
  return keys.length > 0 || (await listCertificateNames(reader, agentId)).length > 0
}
