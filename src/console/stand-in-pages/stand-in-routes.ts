import { isSignedOperation, requireProved } from '../../identity/sessions/index.ts'
import {
  endStandIn,
  nameStandIn,
  openStandIns,
  type StandIn,
} from '../../identity/stand-ins/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { daySpan } from '../../platform/lib/text/times.ts'
import {
  type Act,
  mistakeOf,
  Names,
  type PageParts,
  type PageRouter,
  requireAdministrator,
  signInFirst,
  statusHere,
  type Visit,
  zoneOf,
} from '../pages/index.ts'
import {
  allStandInsPage,
  type StandInForm,
  type StandInItem,
  type StandInView,
  standInPage,
} from './stand-in-page.ts'

/** Maximum age of the sign-in with which a stand-in is named, whatever else is configured. */
const MAX_AGE_SECONDS = 300
const IN_A_PAGE = 50

export function addStandIns(desk: PageRouter, parts: Pick<PageParts, 'people'>): void {
  const { people } = parts
  const { read } = people.storage
  const signed = isSignedOperation(people, 'standins.add')
  const stepUp = { acrValues: people.stepUp?.acrValues ?? [], maxAgeSeconds: MAX_AGE_SECONDS }

  async function view({ now, visitor }: Visit, sent?: StandInForm): Promise<StandInView> {
    const { person, session, viewer } = visitor
    const items = await itemsOf(parts, await openStandIns(read, { now, personId: person.id }))
    const today = dayIn(zoneOf(viewer), now)
    return {
      ...{ now, signed, today, viewer },
      mine: items.filter(({ personId }) => personId === person.id),
      held: items.filter(({ standInId }) => standInId === person.id),
      first: signInFirst(session, [{ stepUp, at: now }], '/stand-ins'),
      form: sent ?? { person: '', from: today, until: '' },
    }
  }

  desk.get('/stand-ins', async (visit) => standInPage(await view(visit)))

  // INVARIANT: a thief of a session cannot name a stand-in without a fresh sign-in.
  desk.post('/stand-ins', async (act) => {
    const sent = sentIn(act)
    try {
      requireProved(act.visitor.session.proved, [stepUp], act.now)
      // INVARIANT: where a new approver needs a signature, the page does not replace it.
      if (signed)
        throw new Problem(
          'passkey.required',
          'on this server, naming a stand-in needs a signature with a passkey',
        )
      const span = spanOf(sent, zoneOf(act.visitor.viewer), act.now)
      await nameStandIn(people, { personId: act.visitor.person.id, standIn: sent.person, ...span })
      return { to: '/stand-ins' }
    } catch (error) {
      const mistake = mistakeOf(error, 'passkey.', 'stand_in.', 'step_up.')
      const page = standInPage({ ...(await view(act, sent)), mistake: mistake.detail })
      return { page, status: statusHere(mistake) }
    }
  })

  // Ending only takes rights away, so any session of these people may do it.
  desk.post('/stand-ins/:id/end', async ({ id, visitor }) => {
    const { personId, standInId } = await endStandIn(people, { id, by: visitor.person })
    const isOwn = [personId, standInId].includes(visitor.person.id)
    return { to: isOwn ? '/stand-ins' : '/stand-ins/all' }
  })

  desk.get('/stand-ins/all', async ({ now, query, visitor }) => {
    requireAdministrator(visitor)
    const page = { now, after: query.get('after'), limit: IN_A_PAGE + 1 }
    const found = await itemsOf(parts, await openStandIns(read, page))
    const items = found.slice(0, IN_A_PAGE)
    const next = found.length > IN_A_PAGE ? items.at(-1)?.id : undefined
    return allStandInsPage({ now, viewer: visitor.viewer, items, next })
  })
}

function itemsOf(
  parts: Pick<PageParts, 'people'>,
  standIns: readonly StandIn[],
): Promise<(StandIn & StandInItem)[]> {
  const names = new Names(parts)
  return Promise.all(
    standIns.map(async (each) => ({
      ...each,
      away: await names.person(each.personId),
      standIn: await names.person(each.standInId),
    })),
  )
}

function sentIn({ fields }: Act): StandInForm {
  const [person = '', from = '', until = ''] = ['person', 'from', 'until'].map((name) =>
    fields.get(name),
  )
  return { person, from, until }
}

/** Time from the beginning of the first day, or from now, to the end of the last. A text that is no day gives `NaN`. */
function spanOf({ from, until }: StandInForm, zone: string, now: number) {
  const { end = Number.NaN, start = Number.NaN } = daySpan(from, zone) ?? {}
  const isToday = start <= now && now < end
  return {
    startsAt: isToday ? now : start,
    endsAt: daySpan(until, zone)?.end ?? Number.NaN,
  }
}

function dayIn(timeZone: string, at: number): string {
  return new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' }).format(at)
}
