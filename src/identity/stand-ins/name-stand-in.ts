import { isId, newId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import type { Reader } from '../../platform/storage/index.ts'
import { addEvent } from '../notifications/index.ts'
import { findPerson, findPersonsByEmail, type Person } from '../people/index.ts'
import { MAX_STAND_INS, STAND_IN_SPANS, type StandIn, type StandInParts } from './stand-in.ts'
import { insertStandIn, openStandIns } from './stand-in-store.ts'

/** Age up to which a beginning still is now: it was typed a moment ago. */
const JUST_NOW_MS = 5 * MINUTE

/** Stand-in as a person asks for it. */
export interface StandInDraft {
  /** Person who will be away. */
  readonly personId: string
  /** E-mail address or id of who stands in. */
  readonly standIn: string
  /** Epoch milliseconds; now, when left out. */
  readonly startsAt?: number | undefined
  readonly endsAt: number
}

/**
 * Names a stand-in: from the first time to the second they answer what the person may answer. Both are told.
 * @throws Problem `stand_in.bad_span`, `stand_in.not_possible`, `stand_in.too_many`
 */
export async function nameStandIn(parts: StandInParts, draft: StandInDraft): Promise<StandIn> {
  const { clock, ledger, random, storage } = parts
  return storage.transaction(async (tx) => {
    const now = clock.now()
    const { endsAt, startsAt } = spanOf(draft, now)
    const { person, standIn } = await requirePair(tx, draft)
    await requireRoom(tx, { person, standIn }, now)
    const named: StandIn = {
      ...{ id: newId('stand_in', random), personId: person.id, standInId: standIn.id },
      ...{ startsAt, endsAt, createdAt: now, endedAt: null, endedBy: null },
    }
    await insertStandIn(tx, named)
    const subject = named.id
    await addEvent(parts, tx, { kind: 'stand_in', subject, at: now })
    if (startsAt > now)
      await addEvent(parts, tx, { kind: 'stand_in', subject, at: now, after: startsAt - now })
    await ledger.append(tx, {
      ...{ type: 'stand_in.named', person: person.id, by: person.id },
      facts: { stand_in: subject, answers: standIn.id, starts_at: startsAt, ends_at: endsAt },
    })
    return named
  })
}

function spanOf({ endsAt, startsAt: wanted }: StandInDraft, now: number) {
  const startsAt = Math.max(wanted ?? now, now)
  const isSane = [endsAt, startsAt].every((time) => Number.isSafeInteger(time))
  const isBad =
    !isSane ||
    (wanted ?? now) < now - JUST_NOW_MS ||
    endsAt <= startsAt ||
    endsAt - startsAt > STAND_IN_SPANS.most ||
    startsAt - now > STAND_IN_SPANS.ahead
  if (isBad)
    throw new Problem(
      'stand_in.bad_span',
      'a stand-in begins now or within a year, ends after that, and lasts 90 days at most',
    )
  return { endsAt, startsAt }
}

/** INVARIANT: a stand-in is another person, active, and of the same identity provider. */
async function requirePair(db: Reader, { personId, standIn: typed }: StandInDraft) {
  const person = await findPerson(db, personId)
  const standIn = person && (await personMeant(db, person, typed.trim()))
  const isFit = standIn && standIn.status === 'active' && standIn.issuer === person.issuer
  if (person?.status !== 'active' || !isFit || standIn.id === person.id)
    throw new Problem(
      'stand_in.not_possible',
      'no other active person of your identity provider has this address or id',
    )
  return { person, standIn }
}

async function personMeant(db: Reader, { issuer }: Person, typed: string) {
  if (isId('person', typed)) return findPerson(db, typed)
  const [only, another] = await findPersonsByEmail(db, typed, issuer)
  return another ? undefined : only
}

async function requireRoom(
  db: Reader,
  { person, standIn }: { readonly person: Person; readonly standIn: Person },
  now: number,
): Promise<void> {
  const named = await openStandIns(db, { now, personId: person.id })
  const held = await openStandIns(db, { now, personId: standIn.id })
  const isFull =
    named.filter(({ personId }) => personId === person.id).length >= MAX_STAND_INS.named ||
    held.filter(({ standInId }) => standInId === standIn.id).length >= MAX_STAND_INS.held
  if (isFull)
    throw new Problem(
      'stand_in.too_many',
      `a person has ${MAX_STAND_INS.named} stand-ins at most, now and to come, and stands in for ${MAX_STAND_INS.held}`,
    )
}
