import type { MasterKey, SealedColumn } from '../../../platform/keys/index.ts'
import type { Id } from '../../../platform/lib/id.ts'
import { DAY, MINUTE } from '../../../platform/lib/time-units.ts'
import type { Recipient } from '../delivery.ts'

/** Maximum of channels that a person, or a group, has added. */
export const MAX_OWN_CHANNELS = 5
/** Wrong codes after which only a new code helps. */
export const MAX_CODE_TRIES = 5
/** Time in ms for which a code can be used. */
export const CODE_LIFE_MS = 10 * MINUTE
/** Time in ms after which an unconfirmed channel is forgotten. */
export const UNCONFIRMED_LIFE_MS = DAY

/** A channel that a person added, or an administrator for a group. */
export interface OwnChannel {
  readonly id: Id<'channel'>
  readonly owner: Recipient
  /** Place among those of the owner, from 0. */
  readonly slot: number
  /** Name of its `ChannelKind`. */
  readonly kind: string
  readonly label: string
  /** Settings of its address. */
  readonly sealed: Uint8Array
  readonly createdBy: string
  readonly createdAt: number
  readonly confirmedAt: number | null
  /** Keyed digest of the code that was sent last. */
  readonly code: string | null
  readonly codeUntil: number | null
  readonly codeTries: number
}

/** Name of a channel in the books, which tells its kind when it is gone. */
export function channelName({ id, kind }: Pick<OwnChannel, 'id' | 'kind'>): string {
  return `${kind}:${id}`
}

/** Ties settings to their row: a channel cannot be given to another owner. */
export function ownChannelPlace({ id, kind, owner }: Readonly<Record<string, string>>): string {
  return `own_channels/${id}/${owner}/${kind}`
}

export function openSettings(master: Pick<MasterKey, 'open'>, own: OwnChannel): string {
  const { id, kind, owner } = own
  return Buffer.from(master.open(own.sealed, ownChannelPlace({ id, kind, owner }))).toString()
}

/** Columns of this room that are sealed. */
export const NOTIFICATIONS_SEALED: readonly SealedColumn[] = [
  {
    table: 'own_channels',
    column: 'sealed',
    key: 'id',
    with: ['owner', 'kind'],
    associatedData: ownChannelPlace,
  },
]
