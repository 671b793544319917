/** Events that people have to be told of, and the channels that tell them. */
export { addEvent, newEvent } from './add-event.ts'
export { type Announcement, type Announcers, MAX_RECIPIENTS } from './announcement.ts'
export type {
  ChannelKind,
  ChannelOwner,
  ChannelQuestion,
  Notification,
  OwnerKind,
} from './channel.ts'
export type { ChannelUse } from './channel-choices.ts'
export type { Delivery, Recipient } from './delivery.ts'
export { deliveriesAbout, findDelivery, markSeen, rescheduleNow } from './delivery-store.ts'
export { EmailChannel } from './email-channel.ts'
export { insertEventsQuery } from './event-store.ts'
export { forgetDeliveries, keepNotifying, notificationBacklog, notifyOnce } from './notify.ts'
export {
  type ListedChannel,
  listChannels,
  listGroupChannels,
  ownChannelId,
} from './own-channels/listed-channels.ts'
export {
  channelName,
  NOTIFICATIONS_SEALED,
  type OwnChannel,
  openSettings,
} from './own-channels/own-channel.ts'
export { ownChannelsOf } from './own-channels/own-channel-store.ts'
export {
  addOwnChannel,
  confirmOwnChannel,
  type OwnChannelAct,
  removeOwnChannel,
  sendCodeTo,
} from './own-channels/own-channels.ts'
export type { NotificationParts, TimedQuestion } from './parts.ts'
export { quietHoursOf, setQuietHours } from './quiet-hours.ts'
export { groupsCalled, peopleCalled } from './recipients.ts'
export { chooseUse, ownRoutes, preferChannel, routesOf } from './routes.ts'
export { sendTest } from './send-test.ts'
export {
  factValue,
  linkOf,
  messagePath,
  notificationTitle,
  shownSentence,
  unlinkedLine,
} from './words.ts'
