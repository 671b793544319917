import { Problem } from '../../platform/lib/problem.ts'
import type { Reader } from '../../platform/storage/index.ts'
import {
  changePersonStatus,
  findPerson,
  keepingAdministrator,
  type PeopleParts,
  type Person,
} from '../people/index.ts'
import { endStandInsOf } from '../stand-ins/index.ts'
import { deleteSessionsOf } from './session-store.ts'

/** Change of a person's status: who, by whom (a person or `operator`), and in a sentence why. */
interface StatusChange {
  readonly personId: string
  readonly by: string
  readonly reason: string
}

/**
 * Suspends a person: no session, no new task, and every task for the person stands still. When it has returned, no
 * replica permits. Throws `person.unknown`, `person.last_administrator`; suspending twice is no error.
 */
export async function suspendPerson(parts: PeopleParts, change: StatusChange): Promise<void> {
  const { personId, by, reason } = change
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const changed = await keepingAdministrator(tx, () =>
      changePersonStatus(tx, personId, 'active', 'suspended'),
    )
    if (changed) {
      const sessions = await deleteSessionsOf(tx, personId)
      await endStandInsOf(parts, tx, { personId, by })
      await parts.ledger.append(tx, {
        type: 'person.suspended',
        person: personId,
        by,
        facts: { sessions },
        private: { reason },
      })
    } else await requirePerson(tx, personId)
    // INVARIANT: a second call, too, returns only when no replica permits; the first may still be waiting for one.
    return parts.live.raise(tx, [{ kind: 'person', id: personId, state: 'suspended' }])
  })
  await parts.live.settle(raised)
}

/** Lets a suspended person work again; resource tokens from before stay dead. Throws `person.unknown`, `person.ended`. */
export async function resumePerson(parts: PeopleParts, change: StatusChange): Promise<void> {
  const { personId, by, reason } = change
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    if (!(await changePersonStatus(tx, personId, 'suspended', 'active'))) {
      const { status } = await requirePerson(tx, personId)
      if (status !== 'active')
        throw new Problem('person.ended', 'the account of this person has ended, for good')
      return undefined
    }
    await parts.ledger.append(tx, {
      type: 'person.resumed',
      person: personId,
      by,
      private: { reason },
    })
    return parts.live.raise(tx, [{ kind: 'person', id: personId, state: 'active' }])
  })
  if (raised) await parts.live.settle(raised)
}

async function requirePerson(reader: Reader, id: string): Promise<Person> {
  const person = await findPerson(reader, id)
  if (!person) throw new Problem('person.unknown', `there is no person \`${id}\``)
  return person
}
