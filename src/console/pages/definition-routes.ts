import { listActions } from '../../catalog/catalog/index.ts'
import {
  acceptOffers,
  countWaitingOffers,
  differences,
  listOffers,
  type Offer,
  rejectOffers,
} from '../../catalog/catalog-changes/index.ts'
import { requireProved } from '../../identity/sessions/index.ts'
import { mapInSteps } from '../../platform/lib/in-steps.ts'
import { definitionsPage, type OfferedItem } from './definitions-page.ts'
import type { PageParts } from './parts.ts'
import { signInFirst } from './sign-in/required-sign-in.ts'
import {
  type Act,
  mistakeOf,
  notFound,
  type PageResult,
  type PageRouter,
  requireAdministrator,
  statusHere,
  type Visit,
} from './visit.ts'

export const DEFINITIONS = '/definitions'

/**
 * Adds the pages on which administrators look at definitions that are offered and not
 * accepted yet, and answer them.
 */
export function addDefinitions(
  desk: PageRouter,
  parts: Pick<PageParts, 'decisions' | 'people'>,
): void {
  desk.get(DEFINITIONS, async (visit) => {
    requireAdministrator(visit.visitor)
    return pageFor(parts, visit)
  })
  desk.post(`${DEFINITIONS}/answer`, async (act) => {
    if (!act.visitor.administrator) throw notFound()
    return answerOffers(parts, act)
  })
}

async function answerOffers(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  act: Act,
): Promise<PageResult> {
  const { fields, visitor } = act
  const given = (name: string) => fields.get(name) ?? ''
  const how = { accept: acceptOffers, reject: rejectOffers }[given('answer')]
  if (!how) throw notFound()
  const { policies } = parts.decisions
  const catalog = { ...parts.decisions, revalidate: policies.revalidate.bind(policies) }
  const { stepUp } = parts.people
  try {
    if (how === acceptOffers && stepUp) requireProved(visitor.session.proved, [stepUp], act.now)
    await how(catalog, {
      resource: given('resource'),
      offers: [{ action: given('action'), digest: given('digest') }],
      by: visitor.person.id,
    })
  } catch (error) {
    const mistake = mistakeOf(error, 'definition.', 'policy.', 'catalog.', 'step_up.')
    return { page: await pageFor(parts, act, mistake.detail), status: statusHere(mistake) }
  }
  return { to: DEFINITIONS }
}

async function pageFor(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  { now, visitor }: Visit,
  mistake?: string,
) {
  const { stepUp } = parts.people
  const first = signInFirst(visitor.session, stepUp ? [{ stepUp, at: now }] : [], DEFINITIONS)
  const items = await itemsOf(parts)
  return definitionsPage({ now, viewer: visitor.viewer, items, mistake, first })
}

/** Lists the offers, those that wait first. */
async function itemsOf(parts: Pick<PageParts, 'decisions'>): Promise<readonly OfferedItem[]> {
  const { read } = parts.decisions.storage
  const offers = await listOffers(read)
  const reviewed = new Map((await listActions(read)).map((action) => [action.name, action]))
  const item = (offer: Offer): OfferedItem => {
    const before = reviewed.get(offer.action)
    return {
      offer,
      reviewedAt: before?.accepted?.at,
      differences: differences(before, offer),
    }
  }
  const waiting = (offer: Offer) => (offer.state === 'waiting' ? 0 : 1)
  return mapInSteps(
    offers.toSorted((a, b) => waiting(a) - waiting(b)),
    item,
  )
}

/** Counts those that wait for an administrator's word. */
export function waitingDefinitions(parts: Pick<PageParts, 'decisions'>): Promise<number> {
  return countWaitingOffers(parts.decisions.storage.read)
}
