import type { Person } from '../people/index.ts'
import type { ChannelKind, Notification, OwnerKind } from './channel.ts'
import { type ChannelUse, channelChoicesOf, putChoices } from './channel-choices.ts'
import { channelName, type OwnChannel, openSettings } from './own-channels/own-channel.ts'
import { ownChannelsOf } from './own-channels/own-channel-store.ts'
import type { NotificationParts } from './parts.ts'

/** A channel that leads to one recipient. */
export interface ChannelRoute {
  /** Name of the channel in the books. */
  readonly channel: string
  readonly title: string
  /** Address, as the recipient knows it. */
  readonly address: string
  readonly use: ChannelUse
  /** True when its messages can have buttons that answer. */
  readonly answers?: boolean | undefined
  /** @throws DeliveryError */
  send(message: Notification): Promise<string | undefined>
}

type RouteParts = Pick<NotificationParts, 'channels' | 'kinds' | 'master' | 'storage'>

/** Lists the channels by which a person can be told, those that are off too, in the person's order. */
export async function routesOf(
  parts: RouteParts,
  person: Person,
): Promise<readonly ChannelRoute[]> {
  const choices = await channelChoicesOf(parts.storage.read, person.id)
  const known = parts.channels.flatMap((channel) => {
    const address = channel.addressOf(person)
    const sendOnce = async (message: Notification) => {
      await channel.send(person, message)
      return undefined
    }
    const { name, title } = channel
    return address === undefined ? [] : [{ channel: name, title, address, send: sendOnce }]
  })
  const all = [...known, ...(await ownRoutes(parts, person.id))].map((route, place) => {
    const choice = choices.get(route.channel)
    return { ...route, use: choice?.use ?? 'always', rank: choice?.rank ?? place }
  })
  return all.toSorted((a, b) => a.rank - b.rank)
}

/** Lists the confirmed channels that people added. INVARIANT: nothing but a code goes to an address before it is confirmed. */
export async function ownRoutes(
  parts: Pick<RouteParts, 'kinds' | 'master' | 'storage'>,
  owner: string,
): Promise<readonly ChannelRoute[]> {
  const own = await ownChannelsOf(parts.storage.read, owner)
  return own
    .filter(({ confirmedAt }) => confirmedAt !== null)
    .flatMap((channel) => {
      const kind = kindFor(parts, channel)
      return kind ? [routeBy(parts, kind, channel)] : []
    })
}

export function routeBy(
  { master }: Pick<RouteParts, 'master'>,
  kind: ChannelKind,
  own: OwnChannel,
): ChannelRoute {
  return {
    channel: channelName(own),
    title: kind.title,
    address: own.label,
    use: 'always',
    answers: kind.answers,
    send: (message) => kind.send(openSettings(master, own), message, own),
  }
}

/** Finds the kind of a channel; `undefined` when this server has it no more, or not for such an owner. */
export function kindFor(
  { kinds }: Pick<RouteParts, 'kinds'>,
  { kind, owner }: Pick<OwnChannel, 'kind' | 'owner'>,
): ChannelKind | undefined {
  return kinds.find(({ name, owners }) => name === kind && owners.includes(ownerKind(owner)))
}

export function ownerKind(owner: string): OwnerKind {
  return owner.startsWith('group:') ? 'group' : 'person'
}

/** A person chooses how to be told by a channel. What waits for one that is off is not sent. */
export async function chooseUse(
  parts: RouteParts,
  { channel, person, use }: { person: Person; channel: string; use: ChannelUse },
): Promise<void> {
  const routes = await routesOf(parts, person)
  await putOrder(
    parts,
    person,
    routes.map((route) => (route.channel === channel ? { ...route, use } : route)),
  )
}

/** A person prefers a channel to the one before it. */
export async function preferChannel(
  parts: RouteParts,
  { channel, person }: { readonly person: Person; readonly channel: string },
): Promise<void> {
  const routes = [...(await routesOf(parts, person))]
  const at = routes.findIndex((route) => route.channel === channel)
  if (at > 0) routes.splice(at - 1, 0, ...routes.splice(at, 1))
  await putOrder(parts, person, routes)
}

function putOrder(
  { storage }: RouteParts,
  { id: personId }: Person,
  routes: readonly ChannelRoute[],
): Promise<void> {
  const choices = routes.map(({ channel, use }, rank) => ({ personId, channel, use, rank }))
  return storage.transaction((tx) => putChoices(tx, choices))
}
