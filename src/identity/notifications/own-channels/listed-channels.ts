import type { Person } from '../../people/index.ts'
import type { ChannelUse } from '../channel-choices.ts'
import type { NotificationParts } from '../parts.ts'
import { routesOf } from '../routes.ts'
import { NOT_SENT } from './channel-code.ts'
import { channelName, type OwnChannel } from './own-channel.ts'
import { groupChannels, ownChannelsOf } from './own-channel-store.ts'

/** A channel as its person sees it. */
export interface ListedChannel {
  readonly name: string
  readonly title: string
  /** Address, as people know it; `undefined`: the person has none. */
  readonly address: string | undefined
  /** `unconfirmed`: a code has to be typed first. */
  readonly use: ChannelUse | 'unconfirmed'
  /** True when the person added it. */
  readonly own: boolean
  /** True when a code went there. */
  readonly hasCode?: boolean
}

type ListParts = Pick<NotificationParts, 'channels' | 'kinds' | 'master' | 'storage'>

/** Channels that are known of a person, those that they added, and those for which they have no address. */
export async function listChannels(
  parts: ListParts,
  person: Person,
): Promise<readonly ListedChannel[]> {
  const routes = await routesOf(parts, person)
  const own = await ownChannelsOf(parts.storage.read, person.id)
  return [
    ...routes.map(({ address, channel: name, title, use }) => ({
      ...{ address, name, title, use, own: name.includes(':') },
    })),
    ...parts.channels
      .filter((channel) => channel.addressOf(person) === undefined)
      .map(({ name, title }) => ({
        ...{ name, title, address: undefined, use: 'always' as const, own: false },
      })),
    ...own.filter(({ confirmedAt }) => confirmedAt === null).map((each) => listedOwn(parts, each)),
  ]
}

/** Channels of all groups, each with its owner (`group:finance`). */
export async function listGroupChannels(
  parts: Pick<ListParts, 'kinds' | 'storage'>,
): Promise<readonly (ListedChannel & Pick<OwnChannel, 'owner'>)[]> {
  const channels = await groupChannels(parts.storage.read)
  return channels.map((own) => ({ ...listedOwn(parts, own), owner: own.owner }))
}

/** Describes a channel that a person or group added, by its title here. */
function listedOwn({ kinds }: Pick<ListParts, 'kinds'>, own: OwnChannel): ListedChannel {
  const { confirmedAt, kind, label: address } = own
  const title = kinds.find(({ name }) => name === kind)?.title ?? kind
  const use = confirmedAt === null ? 'unconfirmed' : 'always'
  const hasCode = own.code !== null && own.codeUntil !== NOT_SENT
  return { name: channelName(own), title, address, use, own: true, hasCode }
}

/** Id of an own channel, from its name; empty of any other. */
export function ownChannelId(name: string): string {
  return name.split(':')[1] ?? ''
}
