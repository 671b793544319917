import type { Detail } from '@remit/engine'
import { type Id, newId } from '../../platform/lib/id.ts'
import type { Tx } from '../../platform/storage/index.ts'
import type { Basis, BasisKind } from './basis.ts'
import { insertBasis } from './basis-store.ts'
import type { ConsentParts } from './parts.ts'

/** Between whom, within what, by whom, and until when (epoch milliseconds; never, when left out). */
export interface Grant {
  readonly personId: Id<'person'>
  readonly agentId: string
  readonly kind: BasisKind
  readonly details: readonly Detail[]
  readonly grantedBy: string
  readonly expiresAt?: number | undefined
}

type GrantingParts = Pick<ConsentParts, 'storage' | 'ledger' | 'clock' | 'random'>

/** Lets an agent act for a person within these details. */
export function grantBasis(parts: GrantingParts, grant: Grant): Promise<Basis> {
  return parts.storage.transaction((tx) => grantBasisIn(parts, tx, grant))
}

/** Grants a basis as part of a transaction. */
export async function grantBasisIn(
  parts: GrantingParts,
  tx: Tx,
  { expiresAt, ...grant }: Grant,
): Promise<Basis> {
  const basis: Basis = {
    ...grant,
    id: newId('basis', parts.random),
    createdAt: parts.clock.now(),
    expiresAt: expiresAt ?? null,
    endedAt: null,
  }
  await insertBasis(tx, basis)
  await parts.ledger.append(tx, {
    type: 'basis.granted',
    person: basis.personId,
    agent: basis.agentId,
    by: basis.grantedBy,
    facts: { basis: basis.id, kind: basis.kind, details: basis.details, expires_at: expiresAt },
  })
  return basis
}
