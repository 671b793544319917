import { createHmac } from 'node:crypto'
import {
  type ChannelQuestion,
  channelName,
  findDelivery,
  type OwnChannel,
  openSettings,
  ownChannelsOf,
} from '../../identity/notifications/index.ts'
import type { MasterKey } from '../../platform/keys/index.ts'
import { sameBytes } from '../../platform/lib/bytes.ts'
import { type Canonical, canonicalJson, domainHash } from '../../platform/lib/canonical-json.ts'
import type { Reader } from '../../platform/storage/index.ts'

/** Ids of the actions of a message. */
export const BUTTONS = { approve: 'remit_approve', deny: 'remit_deny', open: 'remit_open' } as const
/** Id of the block, and of the field in it, where a reason can be typed. */
export const REASON = 'remit_reason'

const DOMAIN = 'remit/slack-button/v1'
const VALUE = /^v1\.(dlv_[\w-]{1,64})\.([\w-]{43})$/

/** Member of a workspace, linked by the code that arrived there. */
export interface SlackAccount {
  readonly member: string
  readonly team: string
}

/** Message that has a button, and who may press it. */
interface ButtonPlace extends SlackAccount {
  /** Id of the delivery: the version of the message. */
  readonly deliveryId: string
  readonly channelId: string
  readonly personId: string
}

/**
 * Value of a button. INVARIANT: it is good for one answer, of one person by one account, in one message, to exactly the call and
 * the facts in it; the bound facts are read again when it is pressed.
 */
export function buttonValue(
  { master }: { readonly master: Pick<MasterKey, 'derive'> },
  answer: 'approve' | 'deny',
  place: ButtonPlace,
  question: ChannelQuestion,
): string {
  const { channelId, deliveryId, member, personId, team } = place
  const bound: Canonical = {
    ...{ answer, delivery: deliveryId, channel: channelId, person: personId, member, team },
    call_hash: question.callHash,
    shown: question.shown,
    facts: domainHash('remit/slack-facts/v1', questionContent(question)),
  }
  const mac = createHmac('sha256', master.derive('Slack buttons'))
    .update(`${DOMAIN}\0${canonicalJson(bound)}`)
    .digest('base64url')
  return `v1.${deliveryId}.${mac}`
}

function questionContent({ facts, sentence, title }: ChannelQuestion): Canonical {
  return { title, sentence, facts: facts.map(({ name, value }) => [name, value]) }
}

/** Press of a button, as Slack tells of it. */
export interface ButtonPress extends SlackAccount {
  /** Channel and time of the message. */
  readonly receipt: string
  readonly answer: 'approve' | 'deny'
  readonly value: string
}

/** Place of a button that was pressed where it was sent, by whom it was sent to. */
export interface PressedButton extends ButtonPlace {
  readonly requestId: string
}

/**
 * Finds what a press is about. `undefined`: not our button, not this account's, the account is linked no more, or the message is over.
 * The question is not looked at here: `isAsShown` does that.
 */
export async function findPressed(
  { master }: { readonly master: Pick<MasterKey, 'open'> },
  db: Reader,
  press: ButtonPress,
): Promise<PressedButton | undefined> {
  const delivery = await findDelivery(db, VALUE.exec(press.value)?.[1] ?? '')
  if (delivery?.receipt !== press.receipt || delivery.recipient.startsWith('group:'))
    return undefined
  const own = (await ownChannelsOf(db, delivery.recipient)).find(
    (each) => channelName(each) === delivery.channel && each.confirmedAt !== null,
  )
  const account = own && accountOf(master, own)
  if (!own || account?.member !== press.member || account.team !== press.team) return undefined
  return {
    ...account,
    ...{ deliveryId: delivery.id, channelId: own.id, personId: delivery.recipient },
    requestId: delivery.subject,
  }
}

function accountOf(master: Pick<MasterKey, 'open'>, own: OwnChannel): SlackAccount | undefined {
  return own.kind === 'slack' ? readAccount(openSettings(master, own)) : undefined
}

/** Reads settings of a channel. `undefined`: its workspace is not known. */
export function readAccount(settings: string): SlackAccount | undefined {
  const [member = '', team] = settings.split(' ')
  return team === undefined ? undefined : { member, team }
}

/** Tells whether a button was made for this answer to this question, in constant time. */
export function isAsShown(
  parts: { readonly master: Pick<MasterKey, 'derive'> },
  { answer, value }: Pick<ButtonPress, 'answer' | 'value'>,
  place: PressedButton,
  question: ChannelQuestion,
): boolean {
  return sameBytes(Buffer.from(value), Buffer.from(buttonValue(parts, answer, place, question)))
}
