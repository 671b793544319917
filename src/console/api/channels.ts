import {
  addOwnChannel,
  chooseUse,
  confirmOwnChannel,
  type ListedChannel,
  listChannels,
  type OwnChannelAct,
  ownChannelId,
  removeOwnChannel,
  sendCodeTo,
} from '../../identity/notifications/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { CHANNELS } from '../api-operations/channels.ts'
import { type ApiCaller, acts } from './operation.ts'
import type { ApiParts } from './parts.ts'

/** INVARIANT: every caller, administrators too, acts on channels of their own. */
function ownAct({ person: { id: owner } }: ApiCaller, name: string): OwnChannelAct {
  return { owner, id: ownChannelId(name), by: owner }
}

function shapeOf({ address, name, own, title, use }: ListedChannel) {
  return { id: name, title, address: address ?? null, use, own }
}

function kindsIn({ kinds }: ApiParts['notifications']) {
  return kinds.filter(({ owners }) => owners.includes('person'))
}

async function channelOf(
  { notifications }: Pick<ApiParts, 'notifications'>,
  { person }: ApiCaller,
  wanted: (channel: ListedChannel) => boolean,
) {
  const found = (await listChannels(notifications, person)).find(wanted)
  if (!found) throw new Problem('notification.unknown_channel', 'there is no such channel')
  return shapeOf(found)
}

export const CHANNEL_OPERATIONS = acts(CHANNELS, {
  list: async ({ notifications }, { caller: { person } }) => ({
    channels: (await listChannels(notifications, person)).map(shapeOf),
    kinds: kindsIn(notifications).flatMap(({ field, name: kind, title }) =>
      field ? [{ kind, title, address: field.label, example: field.example }] : [],
    ),
  }),
  add: async (parts, { body: { address: typed, kind }, caller }) => {
    const { notifications } = parts
    const known = kindsIn(notifications).find(({ name }) => name === kind)
    if (known && !known.field)
      throw new Problem('notification.unknown_channel', 'this channel is added on the page')
    const { id: owner } = caller.person
    const { id, secret } = await addOwnChannel(notifications, { owner, kind, typed, by: owner })
    const sent = await sendCodeTo(notifications, { owner, id, by: owner }).then(
      () => ({ code_sent: true }),
      (error: unknown) => {
        if (!(error instanceof Problem)) throw error
        return { code_sent: false, detail: error.detail }
      },
    )
    const added = await channelOf(parts, caller, ({ name }) => ownChannelId(name) === id)
    return { ...added, ...sent, ...(secret === undefined ? {} : { secret }) }
  },
  'send-code': async ({ notifications }, { caller, params }) => {
    await sendCodeTo(notifications, ownAct(caller, params.id))
    return {}
  },
  confirm: async (parts, { body, caller, params: { id } }) => {
    await confirmOwnChannel(parts.notifications, { ...ownAct(caller, id), code: body.code })
    return channelOf(parts, caller, ({ name }) => name === id)
  },
  use: async (parts, { body: { use }, caller, params: { id } }) => {
    const isThere = ({ address, name, use: now }: ListedChannel) =>
      name === id && now !== 'unconfirmed' && address !== undefined
    await channelOf(parts, caller, isThere)
    await chooseUse(parts.notifications, { person: caller.person, channel: id, use })
    return channelOf(parts, caller, isThere)
  },
  remove: async ({ notifications }, { caller, params }) => {
    await removeOwnChannel(notifications, ownAct(caller, params.id))
    return {}
  },
})
