import {
  type Authorization,
  type AuthorizationAnswer,
  answerAuthorization,
  askAboutCode,
  type ConsentOffer,
  codeStanding,
  findAuthorization,
  lastAllowed,
  offerTo,
  returnOf,
} from '../../../grants/code-grant/index.ts'
import { adviseStepUp } from '../../../grants/issuance/index.ts'
import { findDescription, isLoopbackRedirect } from '../../../identity/client-metadata/index.ts'
import { ADMINISTRATORS, listPersons } from '../../../identity/people/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { ruleWords } from '../../../tasks/approval-desk/index.ts'
import { isYes, knownIn, narrowed, ONLY_READING } from '../../../tasks/consent/index.ts'
import { titlesIn } from '../frame/authority.ts'
import { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'
import { signInFirst } from '../sign-in/required-sign-in.ts'
import { onwardPage } from '../sign-in/sign-in-page.ts'
import {
  type Act,
  mistakeOf,
  type PageRouter,
  statusHere,
  type Visit,
  type Visitor,
} from '../visit.ts'
import { type AuthorizeView, authorizePage, onwardAddress } from './authorize-page.ts'
import { endOfLife } from './lives.ts'

/** Maximum names; more do not help the reader. */
const MAX_NAMES = 5

export function addAuthorize(
  desk: PageRouter,
  parts: Pick<PageParts, 'decisions' | 'people'>,
): void {
  desk.get('/authorize/:id', async (visit) => {
    const asked = await requireOwn(parts, visit)
    const { person, session } = visit.visitor
    if (await returnOf(parts.decisions, asked, { person, proved: session.proved }))
      return { to: onwardAddress(asked.id) }
    return authorizePage(await viewOf(parts, visit, asked))
  })

  desk.post('/authorize/:id', async (act) => {
    const asked = await requireOwn(parts, act)
    const { kindOf } = await parts.decisions.catalog.current()
    try {
      const answer = await authorizationAnswer(parts, act, asked)
      const answered = await answerAuthorization(parts.decisions, answer, kindOf)
      const { state } = answered
      if (state === 'pending') return { to: `/authorize/${asked.id}` }
      if (state === 'granted') {
        const people = await askAboutCode(parts.decisions, answered)
        if (people.state === 'waiting') return { to: `/authorize/${asked.id}` }
      }
      return onwardPage({
        title: state === 'granted' ? 'You allowed this' : 'You said no',
        text: 'The program is told so now.',
        label: 'Back to the program',
        to: onwardAddress(asked.id),
      })
    } catch (error) {
      const mistake = mistakeOf(error, 'consent.', 'step_up.')
      const view = await viewOf(parts, act, asked)
      const page = authorizePage({ ...view, mistake: mistake.detail, sent: act.fields })
      return { page, status: statusHere(mistake) }
    }
  })
}

/**
 * INVARIANT: in the browser that began it. To every other browser the request does not exist.
 */
async function requireOwn(
  parts: Pick<PageParts, 'decisions'>,
  { id, browser }: Visit,
): Promise<Authorization> {
  const asked = await findAuthorization(parts.decisions.storage.read, id)
  if (!asked || browser === undefined || asked.browser !== browser)
    throw new Problem('authorization.unknown', 'this browser has no such request')
  return asked
}

const ANSWERS = ['grant', ONLY_READING, 'deny', 'introduce'] as const

async function authorizationAnswer(
  parts: Pick<PageParts, 'decisions'>,
  { browser, fields, now, visitor }: Act,
  asked: Authorization,
): Promise<AuthorizationAnswer> {
  const answer = ANSWERS.find((one) => one === fields.get('answer'))
  if (!answer) throw new Problem('request.malformed', '`answer` has an unknown value')
  const { offered } = await offerTo(parts.decisions, asked, visitor.person)
  const catalog = await parts.decisions.catalog.current()
  return {
    authorizationId: asked.id,
    browser,
    person: visitor.person,
    answer: answer === ONLY_READING ? 'grant' : answer,
    offered,
    details: isYes(answer) ? narrowed(offered, knownIn(catalog), fields) : [],
    expiresAt: isYes(answer) ? endOfLife(fields, now) : now,
    mayReturn: fields.get('again') === 'yes',
    ...visitor.session.proved,
  }
}

async function viewOf(
  parts: Pick<PageParts, 'decisions' | 'people'>,
  { now, query, visitor }: Visit,
  asked: Authorization,
): Promise<AuthorizeView> {
  const { read } = parts.decisions.storage
  const { person, viewer } = visitor
  const offer = await offerTo(parts.decisions, asked, person)
  const catalog = await parts.decisions.catalog.current()
  const here = `/authorize/${asked.id}`
  const of = { agentId: offer.agent.id, personId: person.id, resource: asked.resource }
  const before = (await lastAllowed(read, of))?.details
  const described = await findDescription(read, offer.agent.id)
  return {
    now,
    viewer,
    asked,
    state: asked.state === 'pending' && asked.expiresAt <= now ? 'expired' : asked.state,
    told: query.get('told') === 'yes',
    others: await othersAsked(parts, asked),
    loopback: isLoopbackRedirect(asked.redirectUri),
    offer,
    owner: await new Names(parts).person(offer.agent.ownerId),
    administrators: await administratorsOf(parts, offer),
    before,
    changedAt: (before && described?.changedAt) ?? undefined,
    known: knownIn(catalog),
    titleOf: titlesIn(catalog),
    members: offer.resource?.members ? catalog.at(offer.resource.identifier).resources : [],
    first: signInFirst(visitor.session, wantedOf(parts, asked, now), here),
    advised: await advisedOf(parts, visitor, offer, { here, now }),
  }
}

/**
 * Sign-in requirements. The client's is measured at the time when it asked, the one for everybody
 * now.
 */
function wantedOf({ decisions }: Pick<PageParts, 'decisions'>, asked: Authorization, now: number) {
  const wants = [
    { stepUp: asked.stepUp, at: asked.createdAt },
    { stepUp: decisions.stepUp, at: now },
  ]
  return wants.flatMap(({ at, stepUp }) => (stepUp ? { at, stepUp } : []))
}

async function advisedOf(
  parts: Pick<PageParts, 'decisions'>,
  { person, session }: Visitor,
  { agent, offered, resource }: ConsentOffer,
  { here, now }: { here: string; now: number },
) {
  if (!resource) return undefined
  const { proved } = session
  const given = { person, agent, resource, offered, proved }
  const stepUp = await adviseStepUp(parts.decisions, given)
  return stepUp && signInFirst(session, [{ stepUp, at: now }], here)
}

/** Finds others than the person, whom rules want to be asked. Looking asks no one. */
async function othersAsked(
  parts: Pick<PageParts, 'decisions'>,
  asked: Authorization,
): Promise<AuthorizeView['others']> {
  if (asked.state !== 'granted') return undefined
  const people = await codeStanding(parts.decisions, asked)
  if (people.state !== 'waiting') return undefined
  const { ask, expiresAt } = people.request
  const rules = ask.approvers.map((rule) => ruleWords(parts.decisions.storage.read, rule))
  return { approvers: await Promise.all(rules), expiresAt }
}

/**
 * Names those who can let it in: told to people of the organization, who have to know whom to ask.
 */
async function administratorsOf(
  parts: Pick<PageParts, 'people'>,
  { standing }: ConsentOffer,
): Promise<string[]> {
  if (standing !== 'quarantined') return []
  const people = await listPersons(parts.people.storage.read, {
    limit: MAX_NAMES,
    group: ADMINISTRATORS,
  })
  return people.filter(({ status }) => status === 'active').map(({ name }) => name)
}
