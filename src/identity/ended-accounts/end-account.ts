import { Problem } from '../../platform/lib/problem.ts'
import {
  changePersonStatus,
  findPerson,
  keepingAdministrator,
  type PeopleParts,
} from '../people/index.ts'
import { deleteSessionsOf } from '../sessions/index.ts'
import { endStandInsOf } from '../stand-ins/index.ts'

/**
 * Ends the account of a person for good: no session, no sign-in, no task. When it has returned, no replica permits; the room
 * of tasks closes those of the person. Ending it twice is no error.
 * @throws Problem `person.unknown`, `person.last_administrator`
 */
export async function endAccount(
  parts: PeopleParts,
  { by, personId }: { readonly personId: string; readonly by: string },
): Promise<void> {
  const raised = await parts.storage.lanes.revocation.transaction(async (tx) => {
    const person = await findPerson(tx, personId)
    if (!person) throw new Problem('person.unknown', `there is no person \`${personId}\``)
    const { status } = person
    if (status === 'active' || status === 'suspended') {
      await keepingAdministrator(tx, () => changePersonStatus(tx, personId, status, 'ended'))
      const sessions = await deleteSessionsOf(tx, personId)
      await endStandInsOf(parts, tx, { personId, by })
      await parts.ledger.append(tx, {
        type: 'person.ended',
        person: personId,
        by,
        facts: { sessions },
      })
    }
    // INVARIANT: a second call, too, returns only when no replica permits; the first may still be waiting for one.
    return parts.live.raise(tx, [{ kind: 'person', id: personId, state: 'ended' }])
  })
  await parts.live.settle(raised)
}
