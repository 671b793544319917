import {
  type Announcement,
  groupsCalled,
  MAX_RECIPIENTS,
  peopleCalled,
} from '../../identity/notifications/index.ts'
import { findPerson, onCallOf } from '../../identity/people/index.ts'
import { type Answerer, standInWords, withStandIns } from '../../identity/stand-ins/index.ts'
import { utcMinute } from '../../platform/lib/duration.ts'
import type { Reader } from '../../platform/storage/index.ts'
import {
  type AccessRequest,
  type ApprovalParts,
  aboutRequest,
  findRequest,
  isEligible,
  presentQuestion,
} from '../access-requests/index.ts'
import { announceReport } from './announce-report.ts'
import { answersTo } from './answer-store.ts'
import { stillMissing } from './approvers.ts'
import { breakGlassAnnouncers } from './break-glass/announce-break-glass.ts'
import { escalationRounds } from './escalation-rounds.ts'

type AnnouncingParts = Pick<ApprovalParts, 'clock' | 'ledger' | 'storage'>

/** Announcers of the events about access requests. */
export function approvalAnnouncers(parts: AnnouncingParts) {
  return {
    request: (id: string) => announceRequest(parts, id),
    reminder: (id: string) => remindOfRequest(parts, id),
    expired: (id: string) => announceExpiry(parts, id),
    report: (id: string) => announceReport(parts, id),
    ...breakGlassAnnouncers(parts),
  }
}

const OUTCOMES: Partial<Record<AccessRequest['state'], string>> = {
  approved: 'Approved',
  denied: 'Denied',
  expired: 'No one answered in time: denied',
  cancelled: 'Withdrawn',
}

/** Tells the outcome of an access request that waits no more, in words for messages about it. */
export async function announcedOutcome(
  parts: Pick<ApprovalParts, 'clock' | 'storage'>,
  id: string,
): Promise<string | undefined> {
  const request = await findRequest(parts, id)
  return request && OUTCOMES[request.state]
}

/**
 * Announces an access request to everybody whose approval it lacks and whose turn has come; `undefined` when it waits no
 * more.
 */
async function announceRequest(
  { clock, ledger, storage }: AnnouncingParts,
  id: string,
): Promise<Announcement | undefined> {
  const { read } = storage
  const now = clock.now()
  const request = await findRequest({ clock, storage }, id)
  if (request?.state !== 'pending') return undefined
  const missing = await stillMissing(read, request, now)
  // People by name before groups: of many, the first are told.
  const names = missing.flatMap((rule) => rule.names).toSorted((a, b) => rank(a) - rank(b))
  const orders = await ordersOf(read, names)
  const question = await presentQuestion(read, request, now)
  const able = await ableOf(read, { request, question, now }, { names, orders })
  const { createdAt, expiresAt } = request
  const turns = escalationRounds(able, orders, { createdAt, expiresAt, now })
  const steps = (request.ask.escalations ?? []).map(({ afterSeconds, name }) => ({
    ...{ name, at: createdAt + afterSeconds * 1000 },
  }))
  const later = steps.map(({ at }) => at).filter((at) => at > now && at < expiresAt)
  const nextAt = Math.min(turns.nextAt ?? Number.POSITIVE_INFINITY, ...later)
  const { facts, ...rest } = await requestAnnouncement(read, request)
  return {
    ...rest,
    facts: [...facts, ...standInFacts(turns.told)],
    recipients: turns.told.slice(0, MAX_RECIPIENTS),
    urgentFor: turns.onCall,
    ...(nextAt === Number.POSITIVE_INFINITY ? {} : { nextTurnAt: nextAt }),
    recordTurns: async (tx, since) => {
      for (const { at, name } of steps)
        if (at >= since && at <= now) {
          const facts = { to: name, since: at }
          await ledger.append(tx, aboutRequest('approval.escalated', request, { facts }))
        }
    },
    groups: groupsCalled(names),
    title: `${callOfRisk(request)}: waits for approval`,
    expiresAt,
  }
}

/** Announces an unanswered request once more, to the same people; `undefined` when it waits no more. */
async function remindOfRequest(
  parts: AnnouncingParts,
  id: string,
): Promise<Announcement | undefined> {
  const announcement = await announceRequest(parts, id)
  if (!announcement) return undefined
  const { nextTurnAt: _, recordTurns: __, ...rest } = announcement
  return { ...rest, title: `Still waiting. ${announcement.title}` }
}

/** Announces a request that was not answered in time, to those it was made for and those who could have. */
async function announceExpiry(
  { clock, storage }: AnnouncingParts,
  id: string,
): Promise<Announcement | undefined> {
  const { read } = storage
  const request = await findRequest({ clock, storage }, id)
  if (request?.state !== 'expired') return undefined
  const own = await Promise.all(
    [request.personId, request.requesterId ?? ''].map((person) => findPerson(read, person)),
  )
  const now = clock.now()
  const question = await presentQuestion(read, request, now)
  const names = question.ask.approvers.flat()
  const able = await ableOf(read, { request, question, now }, { names })
  const people = [...own, ...[...able.values()].flat()].filter((each) => each?.status === 'active')
  const distinct = new Map(people.flatMap((each) => (each ? [[each.id, each] as const] : [])))
  return {
    ...(await requestAnnouncement(read, request)),
    recipients: [...distinct.values()].slice(0, MAX_RECIPIENTS),
    title: `${callOfRisk(request)}: no one answered in time, so it was denied`,
    expiresAt: null,
  }
}

const standInFacts = (told: readonly Answerer[]): Announcement['facts'] =>
  told.flatMap(standInWords).map((value) => ({ name: 'Stand-in', value, foreign: true }))

const rank = (name: string) => (name.startsWith('person:') ? 0 : 1)

const callOfRisk = ({ risk }: AccessRequest) =>
  risk === 'critical' ? 'Critical call' : `Call of ${risk} risk`

async function requestAnnouncement(
  read: Reader,
  request: AccessRequest,
): Promise<Pick<Announcement, 'agent' | 'facts' | 'path' | 'sentence'>> {
  const forWhom = await findPerson(read, request.personId)
  const until = utcMinute(request.expiresAt)
  return {
    sentence: request.text,
    agent: request.agentId,
    facts: [
      { name: 'Agent', value: request.agentId },
      { name: 'For', value: forWhom?.name ?? request.personId, foreign: true },
      { name: 'Action', value: request.action },
      request.state === 'pending'
        ? { name: 'Answer by', value: `${until}. No answer means no.` }
        : { name: 'Expired', value: until },
    ],
    path: `/approvals/${request.id}`,
  }
}

/** Orders of those on call, by the name of a rule. */
async function ordersOf(
  read: Reader,
  names: readonly string[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const orders = groupsCalled(names).map(
    async (group) => [`group:${group}`, await onCallOf(read, group)] as const,
  )
  return new Map(await Promise.all(orders))
}

/** People who may answer and have not, by the name of a rule, each followed by those who stand in for them. */
async function ableOf(
  read: Reader,
  {
    now,
    question,
    request,
  }: {
    readonly now: number
    readonly request: AccessRequest
    readonly question: Awaited<ReturnType<typeof presentQuestion>>
  },
  {
    names,
    orders = new Map(),
  }: {
    readonly names: readonly string[]
    readonly orders?: ReadonlyMap<string, readonly string[]>
  },
): Promise<ReadonlyMap<string, readonly Answerer[]>> {
  const answers = await answersTo(read, request.id)
  const answered = new Set(answers.flatMap(({ personId, standsInFor }) => [personId, standsInFor]))
  const found = [...new Set(names)].map(async (name) => {
    const onCall = (orders.get(name) ?? []).map((id) => `person:${id}`)
    const people = await peopleCalled(read, [...onCall, name])
    const able = (await withStandIns(read, people, now)).filter(
      (person) =>
        !answered.has(person.id) &&
        !(person.standsInFor && answered.has(person.standsInFor.id)) &&
        isEligible(person, question) === undefined,
    )
    return [name, able] as const
  })
  return new Map(await Promise.all(found))
}
