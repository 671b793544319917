import {
  anotherForm,
  type EnrolmentBasis,
  enrolmentBases,
  enrolmentForm,
  enrolPasskey,
  MAX_PASSKEYS,
  passkeysOf,
  permitAnother,
  recoveryOf,
  refuseRecovery,
  relyingPartyOf,
  removePasskey,
} from '../../../identity/passkeys/index.ts'
import { requireProved } from '../../../identity/sessions/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { PageParts } from '../parts.ts'
import { signInFirst } from '../sign-in/required-sign-in.ts'
import {
  type Act,
  mistakeOf,
  type PageResult,
  type PageRouter,
  statusHere,
  type Visit,
} from '../visit.ts'
import { type PasskeyOffer, type PasskeyView, passkeyPage } from './passkey-page.ts'

/** Age of the sign-in with which passkeys are added and removed, whatever else is configured. */
const MAX_AGE_SECONDS = 300

export function addPasskeys(desk: PageRouter, parts: Pick<PageParts, 'people'>): void {
  const { people } = parts
  const stepUp = { acrValues: people.stepUp?.acrValues ?? [], maxAgeSeconds: MAX_AGE_SECONDS }

  async function view(visit: Visit, over: Partial<PasskeyView> = {}): Promise<PasskeyView> {
    const { now, query, visitor } = visit
    const { read } = people.storage
    const { id } = visitor.person
    const returnTo = placeIn(query.get('return_to'))
    const here = `/passkeys${returnTo ? `?${new URLSearchParams({ return_to: returnTo })}` : ''}`
    const first = signInFirst(visitor.session, [{ stepUp, at: now }], here)
    return {
      ...{ viewer: visitor.viewer, now, returnTo, first },
      passkeys: await passkeysOf(read, id),
      recovery: await recoveryOf(read, id, now),
      offer: over.offer ?? (await offerTo(visit)),
      ...over,
    }
  }

  async function offerTo({ now, visitor: { person } }: Visit): Promise<PasskeyOffer> {
    if (relyingPartyOf(people.issuer) === undefined) return { kind: 'not_usable' }
    const bases = await enrolmentBases(people.storage.read, person.id, now)
    const basis = bases.find((each) => each !== 'passkey')
    if (basis) return { kind: 'enrol', basis, form: await enrolmentForm(people, person, basis) }
    if (!bases.includes('passkey')) return { kind: 'needs_permission' }
    if ((await passkeysOf(people.storage.read, person.id)).length >= MAX_PASSKEYS)
      return { kind: 'full' }
    return { kind: 'another', form: await anotherForm(people, person.id) }
  }

  /** INVARIANT: a stolen session adds and removes nothing without a fresh sign-in. */
  const withFreshSignIn = (work: (act: Act) => Promise<PageResult>) => async (act: Act) => {
    try {
      requireProved(act.visitor.session.proved, [stepUp], act.now)
      return await work(act)
    } catch (error) {
      const mistake = mistakeOf(error, 'passkey.', 'step_up.')
      const page = passkeyPage(await view(act, { mistake: mistake.detail }))
      return { page, status: statusHere(mistake) }
    }
  }

  desk.get('/passkeys', async (visit) => passkeyPage(await view(visit)))

  desk.post(
    '/passkeys',
    withFreshSignIn(async ({ fields, visitor }) => {
      await enrolPasskey(people, {
        person: visitor.person,
        name: fields.get('name') ?? '',
        basis: basisFrom(fields.get('basis')),
        ticket: fields.get('ticket') ?? '',
        credential: fields.get('assertion') ?? '',
      })
      const returnTo = placeIn(fields.get('return_to'))
      return { to: returnTo ?? '/passkeys' }
    }),
  )

  desk.post(
    '/passkeys/another',
    withFreshSignIn(async (act) => {
      const form = await permitAnother(people, act.visitor.person, {
        ticket: act.fields.get('ticket') ?? '',
        assertion: act.fields.get('assertion') ?? '',
      })
      return passkeyPage(await view(act, { offer: { kind: 'enrol', basis: 'passkey', form } }))
    }),
  )

  desk.post(
    '/passkeys/:id/remove',
    withFreshSignIn(async ({ id, visitor }) => {
      await removePasskey(people, { id, personId: visitor.person.id })
      return { to: '/passkeys' }
    }),
  )

  // Only takes a possibility away, so any session of the person may.
  desk.post('/passkeys/recovery/refuse', async ({ visitor }) => {
    await refuseRecovery(people, visitor.person.id)
    return { to: '/passkeys' }
  })
}

function basisFrom(text: string | undefined): EnrolmentBasis {
  if (text === 'first' || text === 'passkey' || text === 'recovery') return text
  throw new Problem('request.malformed', '`basis` is none that is known')
}

/** Page that sends people here and takes them back. */
function placeIn(text: string | undefined): string | undefined {
  return text !== undefined && /^\/(?:approvals|confirm)\/[\w-]{1,64}$/.test(text)
    ? text
    : undefined
}
