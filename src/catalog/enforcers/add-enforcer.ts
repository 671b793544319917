import type { Ledger } from '../../ledger/index.ts'
import type { Clock } from '../../lib/clock.ts'
import { newId } from '../../lib/id.ts'
import { Problem } from '../../lib/problem.ts'
import { newProgramSecret } from '../../lib/program-secret.ts'
import type { Random } from '../../lib/random.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Storage } from '../../storage/index.ts'
import { selectResource } from '../catalog-store.ts'
import type { Enforcer } from './enforcer.ts'
import { insertEnforcer } from './enforcer-store.ts'

export interface EnforcerParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly clock: Clock
  readonly random: Random
}

/**
 * Lets an API ask about calls to a resource, or, inside the trust domain, pass them on to others. The secret is shown this once and kept nowhere.
 * @throws Problem `catalog.unknown_resource`, `enforcer.not_direct`
 */
export async function addEnforcer(
  parts: EnforcerParts,
  { resource, by }: { readonly resource: string; readonly by: string },
): Promise<{ enforcer: Enforcer; secret: Secret }> {
  const { digest, secret } = newProgramSecret('enforcer', parts.random)
  const enforcer: Enforcer = {
    id: newId('enforcer', parts.random),
    resource,
    createdBy: by,
    createdAt: parts.clock.now(),
    lastUsedAt: null,
    revokedAt: null,
  }
  await parts.storage.transaction(async (tx) => {
    const found = await selectResource(tx, resource)
    if (!found || found.status === 'removed')
      throw new Problem('catalog.unknown_resource', `there is no resource \`${resource}\``)
    // One inside the trust domain passes calls on, and asks for transaction tokens of its own.
    if (found.mode !== 'direct' && !found.trusted)
      throw new Problem('enforcer.not_direct', `calls to \`${resource}\` go through the gateway`)
    await insertEnforcer(tx, enforcer, digest)
    await parts.ledger.append(tx, {
      type: 'enforcer.added',
      resource,
      by,
      facts: { enforcer: enforcer.id },
    })
  })
  return { enforcer, secret }
}
