import type { WebClient } from '@slack/web-api'
import type {
  Announcement,
  ChannelKind,
  ChannelOwner,
  Notification,
} from '../../identity/notifications/index.ts'
import type { MasterKey } from '../../platform/keys/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { badAddress, DeliveryError } from '../../platform/webhooks/index.ts'
import { type QuestionButtons, slackMessage, slackOutcome } from './blocks.ts'
import { buttonValue, readAccount } from './button.ts'
import { callSlack } from './slack-client.ts'

export interface SlackKindParts {
  readonly issuer: string
  readonly client: () => Promise<WebClient>
  /** Key of buttons that answer. Default: messages have none. */
  readonly master?: Pick<MasterKey, 'derive'> | undefined
}

/** Id of a member (`U…`, `W…`), which Slack shows in a profile under *Copy member ID*. */
const MEMBER = /^[UW][A-Z0-9]{4,30}$/
/** Channel and time, which name a message. */
const RECEIPT = /^([A-Z0-9]+) ([\d.]+)$/

/**
 * Kind of a person's account in Slack, told by direct message. The code that arrives there links
 * the account: an e-mail address that Slack and the identity provider share proves nothing.
 */
export function slackKind(parts: SlackKindParts): ChannelKind {
  const { client } = parts
  return {
    ...{ name: 'slack', title: 'Slack', owners: ['person'] },
    answers: parts.master !== undefined,
    field: { label: 'Member ID', example: 'U024BE7LH' },
    read(typed) {
      if (!MEMBER.test(typed)) throw badAddress('this is no member ID such as U024BE7LH')
      return { label: typed, settings: typed }
    },
    ...(parts.master && {
      locate: async (member: string) => `${member} ${await teamOf(client())}`,
    }),
    async send(settings, message, to) {
      const [member = ''] = settings.split(' ')
      const buttonsFor = buttonsOf(parts, settings, message, to)
      const { chat } = await client()
      const { channel, ts } = await callSlack(
        chat.postMessage({ channel: member, ...slackMessage(parts.issuer, message, buttonsFor) }),
      )
      return `${channel} ${ts}`
    },
    async rewrite(receipt, outcome) {
      const [, channel, ts] = RECEIPT.exec(receipt) ?? []
      if (!channel || !ts) throw new DeliveryError('no message of Slack', { lasting: true })
      const { chat } = await client()
      const { blocks, text } = slackOutcome(outcome)
      await callSlack(chat.update({ channel, ts, text, blocks }))
    },
  }
}

/** Workspace of the bot. An account is linked in it: the code arrives there. */
async function teamOf(client: Promise<WebClient>): Promise<string> {
  const { auth } = await client
  const { team_id: team } = await callSlack(auth.test()).catch((error: unknown) => {
    if (error instanceof DeliveryError) throw new Problem('notification.not_sent', error.message)
    throw error
  })
  if (!team) throw new Problem('notification.not_sent', 'Slack does not say which workspace it is')
  return team
}

/** Makes the buttons of a message to a person whose account and workspace are known. */
function buttonsOf(
  { master }: Pick<SlackKindParts, 'master'>,
  settings: string,
  { questions }: Notification,
  to: ChannelOwner | undefined,
): (announcement: Announcement) => QuestionButtons | undefined {
  const account = readAccount(settings)
  return (announcement) => {
    const asked = questions?.get(announcement)
    if (!master || !account || !asked || !to) return undefined
    const { deliveryId, question } = asked
    const place = { ...account, deliveryId, channelId: to.id, personId: to.owner }
    return {
      question,
      approve: buttonValue({ master }, 'approve', place, question),
      deny: buttonValue({ master }, 'deny', place, question),
    }
  }
}
