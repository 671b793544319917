import type { MasterKey } from '../../platform/keys/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { findPerson, type PeopleParts } from '../people/index.ts'
import { erasePersonRow, eraseWords, removeBelongings } from './ended-account-store.ts'
import { endedSubject } from './refuse-ended.ts'

/** Text in place of an erased one. */
export const ERASED = '(erased)'

/**
 * Erases an account that has ended, in the transaction `tx`: name, address, subject, attributes, groups, passkeys, channels, and the
 * words of the person in consents, grants and answers. The id stays, because records name it. False: there is none that ended.
 */
export async function eraseAccount(
  parts: Pick<PeopleParts, 'clock' | 'ledger'> & { readonly master: Pick<MasterKey, 'derive'> },
  tx: Tx,
  {
    by,
    erasure,
    personId,
  }: { readonly personId: string; readonly by: string; readonly erasure: string },
): Promise<boolean> {
  const person = await findPerson(tx, personId)
  if (person?.status !== 'ended') return false
  await removeBelongings(tx, personId)
  await eraseWords(tx, personId, { text: ERASED, now: parts.clock.now() })
  await erasePersonRow(tx, personId, {
    name: ERASED,
    subject: endedSubject(parts.master, person),
  })
  await parts.ledger.append(tx, {
    type: 'person.erased',
    person: personId,
    by,
    reason: 'erasure.requested',
    facts: { erasure },
  })
  return true
}
