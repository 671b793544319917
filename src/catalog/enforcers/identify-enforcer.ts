import { Problem } from '../../lib/problem.ts'
import { programSecretDigest } from '../../lib/program-secret.ts'
import type { EnforcerParts } from './add-enforcer.ts'
import type { Enforcer } from './enforcer.ts'
import { selectByDigest, usedStep } from './enforcer-store.ts'

/** A write per minute, not per call. */
const TOUCH_AFTER_MS = 60_000

/**
 * Identifies the enforcer by its secret, read anew each time.
 * @throws Problem `enforcer.unauthenticated`
 */
export async function identifyEnforcer(
  { storage, clock }: Pick<EnforcerParts, 'storage' | 'clock'>,
  secret: string | undefined,
): Promise<Enforcer> {
  const digest = secret === undefined ? undefined : programSecretDigest('enforcer', secret)
  const found = digest === undefined ? undefined : await selectByDigest(storage.read, digest)
  if (!found || found.revokedAt !== null)
    throw new Problem('enforcer.unauthenticated', 'a secret of an enforcement point is required')
  const now = clock.now()
  if (now - (found.lastUsedAt ?? 0) >= TOUCH_AFTER_MS)
    await storage.commit([usedStep(storage.read, found.id, now)])
  return found
}
