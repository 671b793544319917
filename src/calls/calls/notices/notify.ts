import type { Obligation } from '@remit/engine'
import { renderSentence } from '../../../catalog/catalog/index.ts'
import {
  type Announcement,
  groupsCalled,
  insertEventsQuery,
  newEvent,
  peopleCalled,
} from '../../../identity/notifications/index.ts'
import { findPerson, type Person } from '../../../identity/people/index.ts'
import { utcMinute } from '../../../platform/lib/duration.ts'
import { newId } from '../../../platform/lib/id.ts'
import type { Random } from '../../../platform/lib/random.ts'
import { Guard, type Reader, type Step } from '../../../platform/storage/index.ts'
import type { KnownCase } from '../case.ts'
import type { Notice } from './notice.ts'
import { insertNoticesQuery, noticesFor, noticesOf } from './notice-store.ts'

/**
 * Makes the steps that write the notices, for the transaction that makes the permit.
 * INVARIANT: a permit that obliges to a notice and the notice are durable together.
 */
export function noticeSteps(
  parts: { readonly storage: { readonly read: Reader }; readonly random: Random },
  { at, call, id, who }: KnownCase,
  obligations: readonly Obligation[],
): Step[] {
  const { task } = who.held
  const notices = obligations
    .filter(({ type }) => type === 'notify')
    .flatMap(({ id: obligation, properties }) =>
      (properties.to ?? '').split(' ').map((recipient) => ({ obligation, recipient })),
    )
    .map(
      ({ obligation, recipient }): Notice => ({
        id: newId('notice', parts.random),
        recipient,
        decisionId: id,
        obligation,
        taskId: task.id,
        personId: task.personId,
        agentId: task.agentId,
        action: call.action.name,
        text: renderSentence(call.action, call.arguments),
        at,
      }),
    )
  if (notices.length === 0) return []
  const query = insertNoticesQuery(parts.storage.read, notices)
  const event = newEvent(parts, { kind: 'notice', subject: id, at })
  return [
    { guard: NOTICES_GUARD, query, rows: notices.length },
    { name: 'event of notices', query: insertEventsQuery(parts.storage.read, [event]), rows: 1 },
  ]
}

/** Fails where the notices of the permit are stored already. */
const NOTICES_GUARD = new Guard('new notices')

/**
 * Lists the notices for this person, by name or as a member of a group now; newest first, a call
 * once.
 */
export function listNotices(
  read: Reader,
  person: Pick<Person, 'id' | 'groups'>,
  limit: number,
): Promise<Notice[]> {
  const names = [`person:${person.id}`, ...person.groups.map((group) => `group:${group}`)]
  return noticesFor(read, names, limit)
}

/** Announces the notices of a permit to those whom it obliges to tell; `undefined` when they were erased. */
export async function announceNotices(
  { storage }: { readonly storage: { readonly read: Reader } },
  decisionId: string,
): Promise<Announcement | undefined> {
  const notices = await noticesOf(storage.read, decisionId)
  const [first] = notices
  if (!first) return undefined
  const person = await findPerson(storage.read, first.personId)
  const names = notices.map(({ recipient }) => recipient)
  return {
    recipients: await peopleCalled(storage.read, names),
    groups: groupsCalled(names),
    title: 'A call was permitted that you are told of',
    sentence: first.text,
    agent: first.agentId,
    facts: [
      { name: 'Agent', value: first.agentId },
      { name: 'For', value: person?.name ?? first.personId, foreign: true },
      { name: 'Action', value: first.action },
      { name: 'When', value: utcMinute(first.at) },
    ],
    path: '/',
    expiresAt: null,
  }
}
