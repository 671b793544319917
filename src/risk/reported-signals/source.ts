import type { Ledger } from '../../ledger/index.ts'
import type { Clock } from '../../lib/clock.ts'
import { isName, newId } from '../../lib/id.ts'
import { Problem } from '../../lib/problem.ts'
import { newProgramSecret, programSecretDigest } from '../../lib/program-secret.ts'
import type { Random } from '../../lib/random.ts'
import type { Secret } from '../../lib/secret.ts'
import type { Storage } from '../../storage/index.ts'
import type { SignalSource } from './signal-source.ts'
import { findSourceByDigest, insertSource, revokeSourceRow, touchSource } from './source-store.ts'

export interface SourceParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append'>
  readonly clock: Clock
  readonly random: Random
}

/** A write per minute, not per signal. */
const TOUCH_AFTER_MS = 60_000

/**
 * Lets a system raise signals. The secret is shown this once and kept nowhere.
 * @throws Problem `signal_source.bad_name`, `signal_source.exists`
 */
export async function addSource(
  { clock, ledger, random, storage }: SourceParts,
  { by, name }: { readonly name: string; readonly by: string },
): Promise<{ source: SignalSource; secret: Secret }> {
  if (!isName(name))
    throw new Problem(
      'signal_source.bad_name',
      `\`${String(name).slice(0, 64)}\` is not a name: lower-case letters, digits and hyphens`,
    )
  const { digest, secret } = newProgramSecret('signal_source', random)
  const source: SignalSource = {
    id: newId('signal_source', random),
    name,
    createdBy: by,
    createdAt: clock.now(),
    lastUsedAt: null,
    revokedAt: null,
  }
  await storage.transaction(async (tx) => {
    if (!(await insertSource(tx, source, digest)))
      throw new Problem('signal_source.exists', `there is a signal source \`${name}\` already`)
    await ledger.append(tx, { type: 'signal_source.added', by, facts: { source: name } })
  })
  return { source, secret }
}

/**
 * Ends a source, now: its secret is looked up for every signal. What it raised stays until it expires.
 * @throws Problem `signal_source.unknown`
 */
export async function revokeSource(
  { clock, ledger, storage }: Pick<SourceParts, 'storage' | 'ledger' | 'clock'>,
  { by, name }: { readonly name: string; readonly by: string },
): Promise<void> {
  await storage.lanes.revocation.transaction(async (tx) => {
    if (!(await revokeSourceRow(tx, name, clock.now())))
      throw new Problem('signal_source.unknown', `there is no signal source \`${name}\` in use`)
    await ledger.append(tx, { type: 'signal_source.revoked', by, facts: { source: name } })
  })
}

/**
 * Identifies the source by its secret.
 * @throws Problem `signal_source.unauthenticated`
 */
export async function identifySource(
  { clock, storage }: Pick<SourceParts, 'storage' | 'clock'>,
  secret: string | undefined,
): Promise<SignalSource> {
  const digest = secret === undefined ? undefined : programSecretDigest('signal_source', secret)
  const found = digest === undefined ? undefined : await findSourceByDigest(storage.read, digest)
  if (!found || found.revokedAt !== null)
    throw new Problem('signal_source.unauthenticated', 'a secret of a signal source is required')
  const now = clock.now()
  if (now - (found.lastUsedAt ?? 0) >= TOUCH_AFTER_MS)
    await storage.lanes.revocation.transaction((tx) => touchSource(tx, found.id, now))
  return found
}
