import type { CatalogView } from '../../../catalog/catalog/index.ts'
import { findAgent, vouchedBy } from '../../../identity/agents/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import {
  answerConsent,
  type ConsentAnswer,
  type ConsentRequest,
  findBasis,
  findConsent,
  isYes,
  knownIn,
  narrowed,
} from '../../../tasks/consent/index.ts'
import { TRUST, titlesIn } from '../frame/authority.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import { signInFirst } from '../sign-in/required-sign-in.ts'
import { type Act, mistakeOf, notFound, type PageRouter, statusHere, type Visit } from '../visit.ts'
import { type ConsentView, consentPage } from './consent-page.ts'
import { endOf } from './lifetimes.ts'

export function addConsent(desk: PageRouter, parts: Pick<PageParts, 'decisions' | 'people'>): void {
  desk.get('/consent/:id', async (visit) => consentPage(await viewOf(parts, visit)))

  desk.post('/consent/:id', async (act) => {
    const asked = await requireOwn(parts, act)
    const catalog = await parts.decisions.catalog.current()
    try {
      await answerConsent(parts.decisions, consentAnswer(act, asked, catalog), catalog.kindOf)
    } catch (error) {
      const mistake = mistakeOf(error, 'consent.', 'step_up.')
      const page = consentPage({
        ...(await viewOf(parts, act)),
        mistake: mistake.detail,
        sent: act.fields,
      })
      return { page, status: statusHere(mistake) }
    }
    return { to: `/consent/${asked.id}` }
  })
}

function consentAnswer(
  { visitor, fields, now }: Act,
  asked: ConsentRequest,
  catalog: CatalogView,
): ConsentAnswer {
  const common = {
    consentId: asked.id,
    person: visitor.person,
    ...visitor.session.proved,
  }
  const answer = fields.get('answer')
  if (answer === 'deny') return { ...common, answer }
  if (!isYes(answer)) {
    throw new Problem('request.malformed', '`answer` has an unknown value')
  }
  return {
    ...common,
    answer: 'grant',
    details: narrowed(asked.details, knownIn(catalog), fields),
    expiresAt: endOf(fields, now),
  }
}

/** To everyone but the person who is asked, the question does not exist. */
async function requireOwn(
  parts: Pick<PageParts, 'decisions'>,
  { visitor, id }: Visit,
): Promise<ConsentRequest> {
  const asked = await findConsent(parts.decisions.storage.read, id)
  if (asked?.personId !== visitor.person.id) throw notFound()
  return asked
}

async function viewOf(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  visit: Visit,
): Promise<ConsentView> {
  const { visitor, now, id } = visit
  const asked = await requireOwn(parts, visit)
  const { read } = parts.decisions.storage
  const names = new Names(parts)
  const agent = await findAgent(read, asked.agentId)
  const basis = asked.basisId === null ? undefined : await findBasis(read, asked.basisId)
  const catalog = await parts.decisions.catalog.current()
  const { stepUp } = parts.decisions
  const wanted = [
    ...(asked.asked?.stepUp ? [{ stepUp: asked.asked.stepUp, at: asked.createdAt }] : []),
    ...(stepUp ? [{ stepUp, at: now }] : []),
  ]
  const over = asked.state === 'pending' && asked.expiresAt <= now
  return {
    now,
    viewer: visitor.viewer,
    id,
    agent: {
      id: asked.agentId,
      name: agent?.name ?? asked.agentId,
      description: agent?.description ?? '',
      owner: agent ? await names.person(agent.ownerId) : '',
      trust: TRUST[agent?.trust ?? 0],
      vouched: {
        by: agent ? vouchedBy(agent) : 'nobody',
        issuer: agent?.issuer ?? null,
        clientUrl: agent?.clientUrl ?? null,
      },
    },
    purpose: asked.purpose,
    asked: asked.asked,
    details: asked.details,
    actors: asked.actors,
    titleOf: titlesIn(catalog),
    known: knownIn(catalog),
    state: over ? 'expired' : asked.state,
    granted: basis && { details: basis.details, expiresAt: basis.expiresAt },
    expiresAt: asked.expiresAt,
    first: signInFirst(visitor.session, wanted, `/consent/${id}`),
  }
}
