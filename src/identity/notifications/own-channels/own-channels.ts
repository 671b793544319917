import { newId } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import type { ChannelKind } from '../channel.ts'
import { deleteChoice } from '../channel-choices.ts'
import type { Recipient } from '../delivery.ts'
import type { NotificationParts } from '../parts.ts'
import { kindFor, ownerKind } from '../routes.ts'
import { checkCode, consumeAttempt, sendCode } from './channel-code.ts'
import { channelName, MAX_OWN_CHANNELS, type OwnChannel, ownChannelPlace } from './own-channel.ts'
import { deleteOwnChannel, insertOwnChannel, ownChannelsOf } from './own-channel-store.ts'

/** Channels that a person adds in an hour. */
const MAX_ADDED = 12

/** Names an own channel, and who acts on it. */
export interface OwnChannelAct {
  readonly owner: Recipient
  /** Id of the channel. */
  readonly id: string
  readonly by: string
}

/**
 * Adds a channel, to which a code has to be sent. Answers its id, and the secret that its person has
 * to know, if it has one.
 * @throws Problem `notification.bad_address`, `notification.too_many_channels`, `notification.unknown_channel`,
 * `notification.not_sent`, `notification.too_often`
 */
export async function addOwnChannel(
  parts: NotificationParts,
  given: { readonly owner: Recipient; readonly kind: string; readonly typed: string; by: string },
): Promise<{ readonly id: string; readonly secret: string | undefined }> {
  const { by, owner } = given
  const kind = requireKind(parts, given)
  const { label, secret, settings: read } = kind.read(given.typed.trim())
  const turn = {
    by,
    now: parts.clock.now(),
    what: 'channel added',
    most: MAX_ADDED,
    inMs: HOUR,
  } as const
  // Before the service of the channel is asked anything.
  if (!(await parts.storage.transaction((tx) => consumeAttempt(tx, turn))))
    throw new Problem('notification.too_often', `${MAX_ADDED} channels in an hour are the most`)
  const settings = (await kind.locate?.(read)) ?? read
  const id = newId('channel', parts.random)
  const own: OwnChannel = {
    ...{ id, owner, slot: 0, kind: kind.name, label, createdBy: by },
    sealed: parts.master.seal(settings, ownChannelPlace({ id, owner, kind: kind.name })),
    ...{ createdAt: parts.clock.now(), confirmedAt: null },
    ...{ code: null, codeUntil: null, codeTries: 0 },
  }
  const added = await parts.storage.transaction(async (tx) => {
    const inserted = await insertOwnChannel(tx, own)
    if (inserted && ownerKind(owner) === 'group')
      await parts.ledger.append(tx, {
        type: 'group_channel.added',
        by,
        facts: ownChannelFacts(own),
      })
    return inserted
  })
  if (!added)
    throw new Problem(
      'notification.too_many_channels',
      `there are ${MAX_OWN_CHANNELS} channels already: remove one first`,
    )
  return { id, secret }
}

/**
 * Sends a code to a channel that is not confirmed; codes from before are worth nothing then.
 * @throws Problem `notification.unknown_channel`, `notification.too_often`, `notification.not_sent`
 */
export async function sendCodeTo(parts: NotificationParts, act: OwnChannelAct): Promise<void> {
  const own = await findOwn(parts, act)
  await sendCode(parts, { own, kind: requireKind(parts, own), by: act.by })
}

/** @throws Problem `notification.unknown_channel`, `notification.wrong_code` */
export async function confirmOwnChannel(
  parts: NotificationParts,
  { code, ...act }: OwnChannelAct & { readonly code: string },
): Promise<void> {
  await checkCode(parts, await findOwn(parts, act), code)
}

/** Removes a channel; what waits for it is not sent. @throws Problem `notification.unknown_channel` */
export async function removeOwnChannel(
  parts: Pick<NotificationParts, 'ledger' | 'storage'>,
  act: OwnChannelAct,
): Promise<void> {
  const own = await findOwn(parts, act)
  await parts.storage.transaction(async (tx) => {
    if (!(await deleteOwnChannel(tx, own.owner, own.id))) return
    if (ownerKind(own.owner) === 'person') await deleteChoice(tx, own.owner, channelName(own))
    else
      await parts.ledger.append(tx, {
        ...{ type: 'group_channel.removed', by: act.by, facts: ownChannelFacts(own) },
      })
  })
}

async function findOwn(
  { storage }: Pick<NotificationParts, 'storage'>,
  { id, owner }: Pick<OwnChannelAct, 'id' | 'owner'>,
): Promise<OwnChannel> {
  const own = (await ownChannelsOf(storage.read, owner)).find((each) => each.id === id)
  if (!own) throw new Problem('notification.unknown_channel', 'there is no such channel')
  return own
}

function requireKind(
  parts: Pick<NotificationParts, 'kinds'>,
  of: Pick<OwnChannel, 'kind' | 'owner'>,
): ChannelKind {
  const kind = kindFor(parts, of)
  if (!kind)
    throw new Problem('notification.unknown_channel', 'this server has no such kind of channel')
  return kind
}

function ownChannelFacts({ kind, label, owner }: OwnChannel) {
  return { group: owner.slice('group:'.length), kind, label }
}
