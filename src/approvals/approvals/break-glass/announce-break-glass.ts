import { findAgent } from '../../../identity/agents/index.ts'
import {
  type Announcement,
  groupsCalled,
  MAX_RECIPIENTS,
  peopleCalled,
} from '../../../identity/notifications/index.ts'
import { ADMINISTRATORS, findPerson, type Person } from '../../../identity/people/index.ts'
import { utcMinute } from '../../../platform/lib/duration.ts'
import type { Reader } from '../../../platform/storage/index.ts'
import {
  type AccessRequest,
  type ApprovalParts,
  readAccessRequest,
} from '../../access-requests/index.ts'
import type { BreakGlass } from './break-glass.ts'
import { readBreakGlass } from './break-glass-store.ts'
import { reviewersOf } from './may-open.ts'

type Words = Pick<Announcement, 'expiresAt' | 'recipients' | 'title'> & {
  readonly groups?: readonly string[]
  readonly facts?: Announcement['facts']
}
type Announcer = (
  read: Reader,
  broken: BreakGlass,
  request: AccessRequest,
) => Promise<Words | undefined>

/** Announcers of approvals given alone, and of their reviews. */
export function breakGlassAnnouncers({ storage: { read } }: Pick<ApprovalParts, 'storage'>) {
  const announcer = (says: Announcer) => (id: string) => announce(read, id, says)
  return {
    break_glass: announcer(alert),
    review_due: announcer(reviewDue),
    reviewed: announcer(reviewed),
  }
}

async function announce(
  read: Reader,
  id: string,
  says: Announcer,
): Promise<Announcement | undefined> {
  const broken = await readBreakGlass(read, id)
  const request = broken && (await readAccessRequest(read, broken.requestId))
  const said = request && (await says(read, broken, request))
  if (!said) return undefined
  const by = await findPerson(read, broken.personId)
  const { facts = [], ...rest } = said
  return {
    ...rest,
    recipients: rest.recipients.slice(0, MAX_RECIPIENTS),
    // An emergency knows no quiet hours.
    urgentFor: rest.recipients.map((person) => person.id),
    sentence: request.text,
    agent: request.agentId,
    facts: [
      { name: 'Approved alone by', value: by?.name ?? broken.personId, foreign: true },
      { name: 'They wrote', value: broken.reason, foreign: true },
      { name: 'Agent', value: request.agentId },
      { name: 'Action', value: request.action },
      ...facts,
    ],
    path: `/break-glass/${broken.id}`,
  }
}

/** Tells administrators, the owner of the agent and the represented person; also after the review, since it happened. */
async function alert(read: Reader, broken: BreakGlass, request: AccessRequest): Promise<Words> {
  const owner = (await findAgent(read, request.agentId))?.ownerId
  const names = [
    `group:${ADMINISTRATORS}`,
    ...(owner === undefined ? [] : [`person:${owner}`]),
    `person:${request.personId}`,
  ]
  const told = await peopleCalled(read, names)
  return {
    recipients: told.filter(({ id }) => id !== broken.personId),
    groups: groupsCalled(names),
    title: 'Break-glass: a call was approved by one person alone',
    facts: [
      {
        name: 'Review',
        value: `by an administrator, until ${utcMinute(broken.reviewDueAt)}`,
      },
    ],
    expiresAt: null,
  }
}

async function reviewDue(
  read: Reader,
  broken: BreakGlass,
  request: AccessRequest,
): Promise<Words | undefined> {
  if (broken.reviewedAt !== null) return undefined
  const reviewers = await reviewersOf(read, broken.personId, request)
  return {
    recipients: [...reviewers, ...(await activePerson(read, broken.personId))],
    title: 'Break-glass: the review is missing',
    facts: [
      {
        name: 'Without it by',
        value: `${utcMinute(broken.reviewDueAt)}, the approver can approve nothing alone any more.`,
      },
    ],
    expiresAt: broken.reviewDueAt,
  }
}

async function reviewed(read: Reader, broken: BreakGlass): Promise<Words> {
  const by = await findPerson(read, broken.reviewedBy ?? '')
  return {
    recipients: await activePerson(read, broken.personId),
    title:
      broken.verdict === 'justified'
        ? 'Break-glass: the review found it justified'
        : 'Break-glass: the review found it not justified',
    facts: [
      { name: 'Reviewed by', value: by?.name ?? '', foreign: true },
      { name: 'They found', value: broken.note ?? '', foreign: true },
    ],
    expiresAt: null,
  }
}

async function activePerson(read: Reader, id: string): Promise<readonly Person[]> {
  const person = await findPerson(read, id)
  return person?.status === 'active' ? [person] : []
}
