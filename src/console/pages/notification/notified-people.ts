import {
  type Delivery,
  deliveriesAbout,
  markSeen,
  type NotificationParts,
} from '../../../identity/notifications/index.ts'
import { type Html, html } from '../frame/html.ts'
import { show } from '../frame/show.ts'
import { relative } from '../frame/time.ts'
import type { Names } from '../names.ts'
import type { PageParts } from '../parts.ts'

/** A person who was told of something, or will be. */
export interface NotifiedPerson {
  readonly name: string
  readonly words: string
}

/** Reads who was told of a subject, and notes that this person sees it. */
export async function notifiedPeople(
  { notifications }: Pick<PageParts, 'notifications'>,
  {
    names,
    now,
    personId,
    subject,
  }: {
    readonly names: Names
    readonly now: number
    readonly personId: string
    readonly subject: string
  },
): Promise<readonly NotifiedPerson[]> {
  const { storage } = notifications
  await markSeen(storage, { now, personId, subject })
  const deliveries = await deliveriesAbout(storage.read, subject)
  const people = Map.groupBy(deliveries, (delivery) => delivery.recipient)
  return Promise.all(
    [...people].map(async ([id, own]) => ({
      name: id.startsWith('group:')
        ? `Channel of ${id.slice('group:'.length)}`
        : await names.person(id),
      words: own.map((delivery) => inWords(delivery, notifications, now)).join('; '),
    })),
  )
}

function inWords(delivery: Delivery, { channels, kinds }: NotificationParts, now: number): string {
  const [kind] = delivery.channel.split(':')
  const by = [...channels, ...kinds].find(({ name }) => name === kind)?.title ?? kind
  return delivery.seenAt === null
    ? `${by}: ${stateInWords(delivery, now)}`
    : `${by}: seen ${relative(delivery.seenAt, now)}`
}

function stateInWords({ attempts, endedAt, problem, state }: Delivery, now: number): string {
  switch (state) {
    case 'waiting':
      return attempts === 0 ? 'about to be sent' : `not sent yet (${problem ?? 'trying'})`
    case 'sent':
      return `sent ${relative(endedAt ?? now, now)}`
    case 'failed':
      return `could not be sent (${problem ?? 'no reason'})`
    case 'withdrawn':
      return 'not sent, as it was answered before'
  }
}

/** The list, for a page about the subject. */
export function notifiedList(items: readonly NotifiedPerson[]): Html | false {
  if (items.length === 0) return false
  return html`<details><summary>Who was told (${items.length})</summary><ul class="sentences">${items.map(
    ({ name, words }) =>
      html`<li class="one"><div>${show(name)} <span class="soft">${show(words)}</span></div></li>`,
  )}</ul></details>`
}
