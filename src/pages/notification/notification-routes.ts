import { Problem } from '../../lib/problem.ts'
import { type Channel, muteChannel, mutedBy, sendTest } from '../../notifications/index.ts'
import type { PageParts } from '../parts.ts'
import { type Act, notFound, type PageRouter, type Visit } from '../visit.ts'
import { type NotificationView, notificationPage } from './notification-page.ts'

export function addNotifications(desk: PageRouter, parts: PageParts): void {
  const { notifications } = parts
  const view = async ({ visitor: { person, viewer } }: Visit): Promise<NotificationView> => {
    const muted = await mutedBy(notifications.storage.read, person.id)
    return {
      viewer,
      channels: notifications.channels.map((channel) => ({
        name: channel.name,
        title: channel.title,
        address: channel.addressOf(person),
        muted: muted.has(channel.name),
      })),
    }
  }
  const channelOf = ({ id }: Visit): Channel => {
    const channel = notifications.channels.find(({ name }) => name === id)
    if (!channel) throw notFound()
    return channel
  }
  const choose = (muted: boolean) => async (act: Act) => {
    const { name } = channelOf(act)
    await muteChannel(notifications, { personId: act.visitor.person.id, channel: name, muted })
    return { to: '/notifications' }
  }

  desk.get('/notifications', async (visit) => notificationPage(await view(visit)))
  desk.post('/notifications/:id/mute', choose(true))
  desk.post('/notifications/:id/unmute', choose(false))
  desk.post('/notifications/:id/test', async (act) => {
    const channel = channelOf(act)
    try {
      await sendTest(notifications, channel, act.visitor.person)
    } catch (error) {
      if (!(error instanceof Problem) || error.status >= 500) throw error
      return {
        page: notificationPage({ ...(await view(act)), mistake: error.detail }),
        status: error.status,
      }
    }
    return notificationPage({
      ...(await view(act)),
      done: 'Sent. It should arrive within a minute.',
    })
  })
}
