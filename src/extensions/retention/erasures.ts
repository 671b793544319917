import { setImmediate as turn } from 'node:timers/promises'
import { eraseAccount } from '../../identity/ended-accounts/index.ts'
import { newId } from '../../platform/lib/id.ts'
import { classesOf } from './classes.ts'
import { insertErasure, listErasures, moveErasure, type PersonErasure } from './erasure-store.ts'
import { type Holds, isHeld } from './hold.ts'
import { holdsAreAsRead, readHolds } from './hold-store.ts'
import type { ErasureParts, RetentionParts } from './parts.ts'
import type { ClassName } from './rules.ts'
import { START } from './subject.ts'
import { AT_ONCE, type SweepOptions } from './sweep.ts'

/** Classes that say something personal, in the order in which they are erased. Decisions stay, without their inputs. */
const PERSONAL: readonly ClassName[] = ['arguments', 'inputs', 'notices', 'requests', 'tasks']
const MAX_OPEN = 100

/**
 * Begins to erase a person's data; `continueErasures` goes on with it until it is done. An account that has ended is
 * erased last.
 */
export async function erasePerson(
  parts: Pick<RetentionParts, 'clock' | 'ledger' | 'random' | 'storage'>,
  { by, personId }: { readonly personId: string; readonly by: string },
): Promise<PersonErasure> {
  const erasure: PersonErasure = {
    id: newId('person_erasure', parts.random),
    personId,
    class: 'arguments',
    cursorAt: START.at,
    cursorId: START.id,
    askedBy: by,
    askedAt: parts.clock.now(),
    erased: 0,
    held: 0,
    doneAt: null,
  }
  await parts.storage.transaction(async (tx) => {
    await insertErasure(tx, erasure)
    await parts.ledger.append(tx, {
      type: 'retention.erasure_asked',
      by,
      person: personId,
      reason: 'erasure.requested',
      facts: { erasure: erasure.id },
    })
  })
  return erasure
}

/** Goes on with every erasure that is not done. */
export async function continueErasures(
  parts: ErasureParts,
  { atOnce = AT_ONCE, goesOn = () => true, rest = () => turn() }: SweepOptions = {},
): Promise<void> {
  for (const { id } of await listErasures(parts.storage.read, { open: true, limit: MAX_OPEN })) {
    while (goesOn() && (await erasePage(parts, id, atOnce))) await rest()
  }
}

/** Erases one page. False: it is done, or another replica goes on with it. */
async function erasePage(parts: ErasureParts, id: string, limit: number): Promise<boolean> {
  const open = await listErasures(parts.storage.read, { open: true, limit: MAX_OPEN })
  const erasure = open.find((each) => each.id === id)
  if (!erasure) return false
  const holds = await readHolds(parts.storage.read)
  const kept = classesOf(parts)[erasure.class]
  const page = await kept.page(parts.storage.read, {
    after: { at: erasure.cursorAt, id: erasure.cursorId },
    // Includes the millisecond of the request: tasks are closed right before it.
    before: erasure.askedAt + 1,
    limit,
    personId: erasure.personId,
  })
  const due = page.candidates.filter(({ about }) => !isHeld(holds, about))
  const following = page.next ? erasure.class : classAfter(erasure.class)
  const to = { ...(page.next ?? START), class: following ?? erasure.class }
  const doneAt = following === undefined ? parts.clock.now() : null
  const held = page.candidates.length - due.length
  return parts.storage
    .transaction(
      async (tx) => {
        // INVARIANT, second look: as in a sweep, nothing is erased by what holds were before.
        if (!(await holdsAreAsRead(tx, holds))) return true
        const erased = await kept.erase(tx, due)
        if (!(await moveErasure(tx, erasure, { to, erased, held, doneAt })))
          throw new ErasureConflict()
        if (erased > 0 || doneAt !== null)
          await parts.ledger.append(tx, {
            type: doneAt === null ? 'retention.erased' : 'retention.erasure_done',
            by: erasure.askedBy,
            person: erasure.personId,
            reason: 'erasure.requested',
            facts: { erasure: id, class: erasure.class, count: erased, held },
          })
        if (doneAt !== null && !isAccountHeld(holds, erasure, held))
          await eraseAccount(parts, tx, { ...erasure, erasure: id, by: erasure.askedBy })
        return doneAt === null
      },
      { erases: true },
    )
    .catch((error: unknown) => {
      if (error instanceof ErasureConflict) return false
      throw error
    })
}

/**
 * Tells whether the account stays, because a hold names the person or kept something that is about them: who it was has to be
 * known as long as that is.
 */
function isAccountHeld(holds: Holds, { held, personId }: PersonErasure, lately: number): boolean {
  return held + lately > 0 || holds.standing.some((hold) => hold.personId === personId)
}

function classAfter(name: ClassName): ClassName | undefined {
  return PERSONAL[PERSONAL.indexOf(name) + 1]
}

/** Rolls back what another replica has done already. */
class ErasureConflict extends Error {}
