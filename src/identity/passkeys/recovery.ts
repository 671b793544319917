import { newId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { DAY, WEEK } from '../../platform/lib/time-units.ts'
import { addEvent } from '../notifications/index.ts'
import { findPerson, type Person } from '../people/index.ts'
import type { PasskeyParts, PasskeyRecovery } from './passkey.ts'
import { endRecoveries, insertRecovery } from './passkey-store.ts'

const WAIT_MS = DAY
/** Time for which a permission can be used, once its waiting time is over. */
const USABLE_MS = WEEK

/**
 * Permits a person a new first passkey, after a waiting time in which they are told and can refuse.
 * INVARIANT: no administrator permits it to themselves.
 * @throws Problem `person.unknown`, `passkey.own_recovery`
 */
export async function permitRecovery(
  parts: PasskeyParts,
  { by, personId }: { by: Person['id']; personId: string },
): Promise<PasskeyRecovery> {
  const now = parts.clock.now()
  return parts.storage.transaction(async (tx) => {
    const person = await findPerson(tx, personId)
    if (!person) throw new Problem('person.unknown', `there is no person \`${personId}\``)
    if (person.id === by)
      throw new Problem('passkey.own_recovery', 'another administrator has to permit it')
    const usableFrom = now + (parts.passkeys?.recoveryWaitMs ?? WAIT_MS)
    const recovery: PasskeyRecovery = {
      id: newId('passkey_recovery', parts.random),
      personId: person.id,
      permittedBy: by,
      createdAt: now,
      ...{ usableFrom, expiresAt: usableFrom + USABLE_MS, endedAt: null },
    }
    await endRecoveries(tx, person.id, now)
    await insertRecovery(tx, recovery)
    await parts.ledger.append(tx, {
      type: 'passkey.recovery_permitted',
      person: person.id,
      by,
      facts: { recovery: recovery.id, usable_from: usableFrom },
    })
    await addEvent(parts, tx, { kind: 'passkey', subject: recovery.id, at: now })
    return recovery
  })
}

/** Refuses a permission, by the person it is for. */
export async function refuseRecovery(parts: PasskeyParts, personId: string): Promise<void> {
  await parts.storage.transaction(async (tx) => {
    if (await endRecoveries(tx, personId, parts.clock.now()))
      await parts.ledger.append(tx, { type: 'passkey.recovery_refused', person: personId })
  })
}
