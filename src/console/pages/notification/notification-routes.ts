import {
  addOwnChannel,
  type ChannelUse,
  chooseUse,
  confirmOwnChannel,
  listChannels,
  listGroupChannels,
  type OwnChannelAct,
  ownChannelId,
  ownRoutes,
  preferChannel,
  quietHoursOf,
  type Recipient,
  removeOwnChannel,
  routesOf,
  sendCodeTo,
  sendTest,
  setQuietHours,
} from '../../../identity/notifications/index.ts'
import { groupExists } from '../../../identity/people/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { PageParts } from '../parts.ts'
import { type Act, notFound, type PageRouter, requireAdministrator, type Visit } from '../visit.ts'
import {
  type ChannelItem,
  groupChannelPage,
  type NotificationOutcome,
  notificationPage,
} from './notification-page.ts'

const CODE_SENT = 'A code is on its way. Type it below.'

export function addNotifications(desk: PageRouter, parts: Pick<PageParts, 'notifications'>): void {
  const { notifications } = parts
  const page = async (visit: Visit, outcome: NotificationOutcome = {}) => {
    const { administrator, viewer } = visit.visitor
    const kinds = kindsFor(parts, 'person')
    const configured = administrator ? configuredIn(parts) : undefined
    const channels = await listChannels(notifications, visit.visitor.person)
    const own = visit.visitor.person.id
    const quiet = (await quietHoursOf(notifications.storage.read, [own])).get(own)
    return notificationPage({ viewer, kinds, configured, channels, quiet, ...outcome })
  }
  const routeOf = async ({ id, visitor }: Visit) => {
    const routes = await routesOf(notifications, visitor.person)
    const route = routes.find(({ channel }) => channel === id)
    if (!route) throw notFound()
    return route
  }
  const choose = (use: ChannelUse) => async (act: Act) => {
    const { channel } = await routeOf(act)
    await chooseUse(notifications, { person: act.visitor.person, channel, use })
    return { to: '/notifications' }
  }

  desk.get('/notifications', (visit) => page(visit))
  desk.post('/notifications/quiet', async (act) => {
    const [from, to, timeZone] = ['from', 'to', 'zone'].map((name) => act.fields.get(name) ?? '')
    try {
      await setQuietHours(notifications, act.visitor.person, {
        from: from ?? '',
        to: to ?? '',
        timeZone: timeZone ?? '',
      })
      return { to: '/notifications' }
    } catch (error) {
      if (!isMistake(error)) throw error
      return { page: await page(act, { mistake: error.detail }), status: error.status }
    }
  })
  desk.post('/notifications/loud', async (act) => {
    await setQuietHours(notifications, act.visitor.person, undefined)
    return { to: '/notifications' }
  })
  desk.post('/notifications/:id/mute', choose('off'))
  desk.post('/notifications/:id/unmute', choose('always'))
  desk.post('/notifications/:id/fallback', choose('fallback'))
  desk.post('/notifications/:id/up', async (act) => {
    const { channel } = await routeOf(act)
    await preferChannel(notifications, { person: act.visitor.person, channel })
    return { to: '/notifications' }
  })
  addOwnActs(desk, parts, {
    at: '/notifications',
    page,
    routeOf,
    ownerOf: async ({ visitor }) => visitor.person.id,
    newOwnerOf: async ({ visitor }) => visitor.person.id,
  })
}

/** Channels of groups, which administrators add. */
export function addGroupChannels(desk: PageRouter, parts: Pick<PageParts, 'notifications'>): void {
  const { notifications } = parts
  const { read } = notifications.storage
  const page = async ({ visitor }: Visit, outcome: NotificationOutcome = {}) => {
    const kinds = kindsFor(parts, 'group')
    const channels = (await listGroupChannels(notifications)).map(
      ({ owner, ...own }): ChannelItem => ({ ...own, group: owner.slice('group:'.length) }),
    )
    return groupChannelPage({ viewer: visitor.viewer, kinds, channels, ...outcome })
  }
  const ownerOf = async ({ id, visitor }: Act): Promise<Recipient> => {
    requireAdministrator(visitor)
    const own = (await listGroupChannels(notifications)).find(({ name }) => name === id)
    if (!own) throw notFound()
    return own.owner
  }
  const newOwnerOf = async ({ fields, visitor }: Act): Promise<Recipient> => {
    requireAdministrator(visitor)
    const group = fields.get('group') ?? ''
    if (!(await groupExists(read, group)))
      throw new Problem('group.unknown', `there is no group \`${group.slice(0, 64)}\``)
    return `group:${group}`
  }

  desk.get('/group-channels', (visit) => {
    requireAdministrator(visit.visitor)
    return page(visit)
  })
  addOwnActs(desk, parts, {
    at: '/group-channels',
    page,
    ownerOf,
    newOwnerOf,
    routeOf: async (act) => {
      const routes = await ownRoutes(notifications, await ownerOf(act))
      const route = routes.find(({ channel }) => channel === act.id)
      if (!route) throw notFound()
      return route
    },
  })
}

interface ChannelPage {
  readonly at: string
  page(visit: Visit, outcome?: NotificationOutcome): Promise<string>
  ownerOf(act: Act): Promise<Recipient>
  newOwnerOf(act: Act): Promise<Recipient>
  routeOf(act: Act): Promise<Parameters<typeof sendTest>[1]>
}

/** Adds the acts on channels that people added, and test messages. */
function addOwnActs(
  desk: PageRouter,
  parts: Pick<PageParts, 'notifications'>,
  channels: ChannelPage,
): void {
  const { notifications } = parts
  const { at, ownerOf, page } = channels
  const post = (name: string, run: (act: Act) => Promise<NotificationOutcome | undefined>) =>
    desk.post(`${at}/:id/${name}`, async (act) => {
      try {
        const outcome = await run(act)
        return outcome ? await page(act, outcome) : { to: at }
      } catch (error) {
        if (!isMistake(error)) throw error
        return { page: await page(act, { mistake: error.detail }), status: error.status }
      }
    })
  const actOn = async (act: Act) => ({
    ...{ owner: await ownerOf(act), id: ownChannelId(act.id), by: act.visitor.person.id },
  })
  const sendCode = (own: OwnChannelAct): Promise<NotificationOutcome> =>
    sendCodeTo(notifications, own).then(
      () => ({ done: CODE_SENT }),
      (error: unknown) => {
        if (isMistake(error)) return { mistake: error.detail }
        throw error
      },
    )

  post('add', async (act) => {
    const owner = await channels.newOwnerOf(act)
    const { id: by } = act.visitor.person
    const kind = act.fields.get('kind') ?? ''
    const typed = act.fields.get('address') ?? ''
    const { id, secret } = await addOwnChannel(notifications, { owner, kind, typed, by })
    return { secret, ...(await sendCode({ owner, id, by })) }
  })
  post('code', async (act) => {
    return sendCode(await actOn(act))
  })
  post('confirm', async (act) => {
    const code = act.fields.get('code') ?? ''
    await confirmOwnChannel(notifications, { ...(await actOn(act)), code })
    return { done: 'Confirmed. Messages go there from now on.' }
  })
  post('remove', async (act) => {
    await removeOwnChannel(notifications, await actOn(act))
    return undefined
  })
  post('test', async (act) => {
    await sendTest(notifications, await channels.routeOf(act), act.visitor.person.id)
    return { done: 'Sent. It should arrive within a minute.' }
  })
}

function isMistake(error: unknown): error is Problem {
  return (
    error instanceof Problem &&
    error.status < 500 &&
    (error.code.startsWith('notification.') || error.code === 'group.unknown')
  )
}

function kindsFor({ notifications }: Pick<PageParts, 'notifications'>, owner: 'person' | 'group') {
  return notifications.kinds.filter(({ owners }) => owners.includes(owner))
}

/** Settings that configure a channel, by its name and title. */
const SETTINGS_OF = [
  ['email', 'E-mail', 'REMIT_SMTP_URL'],
  ['push', 'Browser', 'REMIT_PUSH_CONTACT'],
  ['slack', 'Slack', 'REMIT_SLACK_BOT_TOKEN'],
] as const

/** Titles of the channels that this server has, and of those that it could have, with the setting. */
function configuredIn({ notifications: { channels, kinds } }: Pick<PageParts, 'notifications'>) {
  const there = [...channels, ...kinds]
  return {
    titles: there.map(({ title }) => title),
    missing: SETTINGS_OF.filter(([name]) => !there.some((each) => each.name === name)).map(
      ([, title, setting]) => `${title} (${setting})`,
    ),
  }
}
