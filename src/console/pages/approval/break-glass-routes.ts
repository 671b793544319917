import {
  breakGlassFor,
  findBreakGlass,
  isReviewer,
  type ListedBreakGlass,
  mayBreakGlass,
  planBreakGlass,
  requireBreakGlass,
  reviewBreakGlass,
} from '../../../approvals/approvals/break-glass/index.ts'
import { proofsFor } from '../../../approvals/approvals/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { findVisibleRequest } from '../../../tasks/approval-desk/index.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import { mistakeOf, notFound, type PageRouter, statusHere, type Visit } from '../visit.ts'
import { type BreakGlassOffer, breakGlassPreview } from './break-glass-offer.ts'
import { type BreakGlassItem, breakGlassPage } from './break-glass-page.ts'
import { showRequest } from './shown-call.ts'

/** Approving alone is offered and spelled out here; the answer itself goes to the page of the request. */
export function addBreakGlass(
  desk: PageRouter,
  parts: Pick<PageParts, 'decisions' | 'people'>,
  pageOf: (visit: Visit, offer: BreakGlassOffer) => Promise<string>,
): void {
  // Grants nothing: it spells out what would be approved.
  desk.post('/approvals/:id/break-glass', async (act) => {
    const { decisions } = parts
    const { fields, id, now, visitor } = act
    const request = await findVisibleRequest(decisions, visitor.person, id)
    if (!request) throw notFound()
    const given = fields.get('emergency') ?? ''
    try {
      const { person } = visitor
      const plan = await planBreakGlass(decisions, { person, reason: given, request })
      const { shown, terms } = plan
      const { signing: sign } = await proofsFor(decisions, {
        ...{ request, personId: person.id, allowance: undefined, breakGlass: terms, shown },
      })
      return breakGlassPreview({
        ...{ ...plan, id, now, sign, viewer: visitor.viewer, sentence: request.text },
        ...{ reason: terms.reason, call: await showRequest(parts, request, visitor.viewer) },
      })
    } catch (error) {
      const mistake = mistakeOf(error, 'approval.', 'break_glass.')
      const page = await pageOf(act, { reason: given, mistake: mistake.detail })
      return { page, status: statusHere(mistake) }
    }
  })

  desk.get('/break-glass/:id', async (visit) => breakGlassPage(await viewOf(parts, visit)))

  desk.post('/break-glass/:id', async (act) => {
    const { fields, id, visitor } = act
    const verdict = fields.get('verdict')
    if (verdict !== 'justified' && verdict !== 'not_justified')
      throw new Problem('request.malformed', '`verdict` is none that there is')
    const { proved } = visitor.session
    const note = fields.get('note') ?? ''
    await requireFound(parts, act)
    try {
      await reviewBreakGlass(parts.decisions, {
        ...{ id, person: visitor.person, verdict, note, proved },
      })
    } catch (error) {
      const mistake = mistakeOf(error, 'approval.', 'break_glass.', 'step_up.')
      const page = breakGlassPage({ ...(await viewOf(parts, act)), mistake: mistake.detail })
      return { page, status: statusHere(mistake) }
    }
    return { to: `/break-glass/${id}` }
  })
}

/** Facts about approving alone for the page of a request: an offer, where every rule makes this person one, and who did. */
export async function aloneOn(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  { now, visitor: { person } }: Visit,
  request: ListedBreakGlass['request'],
): Promise<{ alone?: BreakGlassOffer; broken?: { id: string | undefined; who: string } }> {
  if (!request.ask.breakGlass) return {}
  const { decisions } = parts
  const broken = await breakGlassFor(decisions, request.id)
  if (broken) {
    const found = await findBreakGlass(decisions, person, broken.id).catch(noneThere)
    return { broken: { id: found?.broken.id, who: await new Names(parts).person(broken.personId) } }
  }
  if (request.state !== 'pending' || !mayBreakGlass(person, request)) return {}
  try {
    await requireBreakGlass(decisions.storage.read, { person, request, now })
    return { alone: { reason: '' } }
  } catch (error) {
    return { alone: { why: mistakeOf(error, 'approval.', 'break_glass.').detail } }
  }
}

async function requireFound(
  { decisions }: Pick<PageParts, 'decisions'>,
  { id, visitor }: Visit,
): Promise<ListedBreakGlass> {
  const found = await findBreakGlass(decisions, visitor.person, id).catch(noneThere)
  if (!found) throw notFound()
  return found
}

function noneThere(error: unknown): undefined {
  if (!(error instanceof Problem) || error.code !== 'break_glass.unknown') throw error
}

async function viewOf(parts: Pick<PageParts, 'decisions' | 'people'>, visit: Visit) {
  const { now, visitor } = visit
  const { broken, request } = await requireFound(parts, visit)
  const names = new Names(parts)
  return {
    ...{ now, viewer: visitor.viewer },
    item: await itemOf({ broken, request }, names),
    agent: await names.agent(request.agentId),
    person: await names.person(request.personId),
    mayReview: isReviewer(visitor.person, broken.personId, request),
    outcome: outcomeOf(request, now),
  }
}

function outcomeOf({ usableUntil, usedBy, usesLeft }: ListedBreakGlass['request'], now: number) {
  if (usedBy !== null) return 'Was sent'
  return usesLeft > 0 && (usableUntil ?? 0) > now ? 'Not sent yet' : 'Was not sent'
}

/** One in a list, with the names of people. */
export async function itemOf(
  { broken, request }: ListedBreakGlass,
  names: Names,
): Promise<BreakGlassItem> {
  const who = await names.person(broken.personId)
  const reviewer = broken.reviewedBy === null ? '' : await names.person(broken.reviewedBy)
  return { ...broken, who, reviewer, sentence: request.text }
}
