import { Problem } from '../../platform/lib/problem.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { addEvent } from '../notifications/index.ts'
import { isAdministrator, type Person } from '../people/index.ts'
import type { StandIn, StandInParts } from './stand-in.ts'
import { endRow, findStandIn, openStandIns } from './stand-in-store.ts'

/**
 * Ends a stand-in early, for the person who is away, the one who stands in, or an administrator. When this has returned, no
 * approval that the stand-in gave is used any more. Ending it twice is no error.
 * @throws Problem `stand_in.unknown`
 */
export async function endStandIn(
  parts: StandInParts,
  { by, id }: { readonly id: string; readonly by: Person },
): Promise<StandIn> {
  const { live, storage } = parts
  const { ended, raised } = await storage.lanes.revocation.transaction(async (tx) => {
    const known = await findStandIn(tx, id)
    const isTheirs = known && [known.personId, known.standInId].includes(by.id)
    if (!known || !(isTheirs || isAdministrator(by)))
      throw new Problem('stand_in.unknown', 'there is no such stand-in')
    const isEnded = await recordStandInEnd(parts, tx, known, by.id)
    // INVARIANT: a call that is under way by the word of the stand-in looks at this person again.
    const raised = isEnded && (await live.raise(tx, [{ kind: 'person', id: known.personId }]))
    return { ended: (await findStandIn(tx, id)) ?? known, raised }
  })
  if (raised) await live.settle(raised)
  return ended
}

/** Ends every stand-in in which a person has either role, in the transaction that suspends them. */
export async function endStandInsOf(
  parts: Pick<StandInParts, 'clock' | 'ledger' | 'random'>,
  tx: Tx,
  { by, personId }: { readonly personId: string; readonly by: string },
): Promise<void> {
  for (const each of await openStandIns(tx, { now: parts.clock.now(), personId }))
    await recordStandInEnd(parts, tx, each, by)
}

async function recordStandInEnd(
  parts: Pick<StandInParts, 'clock' | 'ledger' | 'random'>,
  tx: Tx,
  { id, personId, standInId }: StandIn,
  by: string,
): Promise<boolean> {
  const now = parts.clock.now()
  if (!(await endRow(tx, { id, by, now }))) return false
  await addEvent(parts, tx, { kind: 'stand_in_ended', subject: id, at: now })
  await parts.ledger.append(tx, {
    ...{ type: 'stand_in.ended', person: personId, by },
    facts: { stand_in: id, answers: standInId },
  })
  return true
}
