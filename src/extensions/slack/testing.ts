import { getGlobalDispatcher } from 'undici'
import { setRisk } from '../../catalog/catalog-changes/index.ts'
import { ORIGIN, type TestPages } from '../../console/pages/testing.ts'
import {
  addOwnChannel,
  confirmOwnChannel,
  type NotificationParts,
  notifyOnce,
  removeOwnChannel,
  sendCodeTo,
} from '../../identity/notifications/index.ts'
import type { Person } from '../../identity/people/index.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { answerInSlack } from './answer-press.ts'
import { channelQuestion } from './channel-question.ts'
import { SlackApp } from './slack-app.ts'

export const MEMBER = 'U0FIONA'
const TEAM = 'T0TEAM'

interface PostedMessage {
  readonly text: string
  readonly ts: string
  readonly blocks: readonly {
    readonly elements?: readonly { readonly action_id: string; readonly value?: string }[]
  }[]
}

/** Parts that the catalog is changed with. */
export function catalogOf({ parts: { decisions } }: TestPages) {
  const { policies } = decisions
  return { ...decisions, revalidate: policies.revalidate.bind(policies) }
}

/** Refunds of medium risk, and a linked account in a workspace whose API answers in memory, and stands in for Slack's. */
export async function slackDesk(pages: TestPages, person: Person) {
  const { decisions } = pages.parts
  await setRisk(catalogOf(pages), { action: 'orders.refund', risk: 'medium', by: person.id })
  const posted: PostedMessage[] = []
  const slack = new SlackApp({
    ...{ issuer: ORIGIN, token: new Secret('xoxb-test'), answers: true },
    master: pages.parts.notifications.master,
    outbound: {
      dispatcher: getGlobalDispatcher(),
      async fetch(_url, init) {
        const fields = new URLSearchParams(await new Response(init?.body).text())
        const ts = `${posted.length + 1}.1`
        if (fields.has('blocks'))
          posted.push({
            ...{ text: fields.get('text') ?? '', ts },
            blocks: JSON.parse(fields.get('blocks') ?? ''),
          })
        return Response.json({ ok: true, team_id: TEAM, channel: 'D1', ts })
      },
    },
  })
  const notifications: NotificationParts = {
    ...pages.parts.notifications,
    ...{ channels: [], kinds: [slack.kind] },
    questionOf: (_kind, id, to) => channelQuestion(decisions, id, to),
  }
  const owner = person.id
  const own = { owner, by: owner }
  const { id } = await addOwnChannel(notifications, { ...own, kind: 'slack', typed: MEMBER })
  await sendCodeTo(notifications, { ...own, id })
  const code = /\d{6}/.exec(posted[0]?.text ?? '')?.[0] ?? ''
  await confirmOwnChannel(notifications, { ...own, id, code })
  return {
    /** Sends what waits. Answers the message that went out last. */
    async message(): Promise<PostedMessage | undefined> {
      const count = posted.length
      // The one before went out an hour ago.
      await notifications.storage.transaction((tx) =>
        tx
          .updateTable('deliveries')
          .set(({ eb }) => ({ ended_at: eb('ended_at', '-', 3_600_000) }))
          .execute(),
      )
      await notifyOnce(notifications)
      return posted[count]
    },
    /** Takes the link between the person and the account back. */
    unlink: () => removeOwnChannel(notifications, { ...own, id }),
    /**
     * Presses a button of a message; answers the told words. `question`: place of the question in the message; `storage`: the store
     * that takes the answer.
     */
    press(
      message: PostedMessage | undefined,
      answer: 'approve' | 'deny',
      { question = 0, storage = decisions.storage } = {},
    ): Promise<string | undefined> {
      const buttons = message?.blocks.flatMap(({ elements = [] }) => elements)
      const value =
        buttons?.filter(({ action_id: id }) => id === `remit_${answer}`)[question]?.value ?? ''
      return answerInSlack(
        { ...decisions, slack, storage },
        {
          ...{ answer, value, channel: 'D1', receipt: `D1 ${message?.ts}`, repeated: false },
          ...{ member: MEMBER, team: TEAM },
        },
      )
    },
  }
}
