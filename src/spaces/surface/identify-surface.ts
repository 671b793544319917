import { Problem } from '../../lib/problem.ts'
import { programSecretDigest } from '../../lib/program-secret.ts'
import type { SpaceParts } from '../parts.ts'
import type { Surface } from './surface.ts'
import { heardStep, surfaceByDigest } from './surface-store.ts'

/**
 * Identifies the surface by its secret, read anew each time. A surface that shows its secret has
 * been heard of, which is durable when this returns.
 * @throws Problem `surface.unauthenticated`
 */
export async function identifySurface(
  { clock, storage }: Pick<SpaceParts, 'storage' | 'clock'>,
  secret: string | undefined,
): Promise<Surface> {
  const digest = secret === undefined ? undefined : programSecretDigest('surface', secret)
  const found = digest === undefined ? undefined : await surfaceByDigest(storage.read, digest)
  if (!found || found.revokedAt !== null)
    throw new Problem('surface.unauthenticated', 'a secret of a surface is required')
  const now = clock.now()
  await storage.commit([heardStep(storage.read, found.id, now)])
  return { ...found, heardAt: Math.max(found.heardAt, now) }
}
