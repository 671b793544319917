import {
  type Announcement,
  factValue,
  linkOf,
  type Notification,
  notificationTitle,
  shownSentence,
} from '../../identity/notifications/index.ts'

/** Request that tells a message to a service, as its interface has it. */
export interface WebhookRequest {
  readonly url: string
  readonly body: unknown
}

/**
 * Writes a message for a service. INVARIANT: values that an agent chose stand where the service
 * reads plain text, so that they can neither format, link nor mention anybody.
 */
export type WebhookTemplate = (issuer: string, message: Notification, url: string) => WebhookRequest

/** JSON of ours: event type, time and data (Standard Webhooks 1.0.0, "Payload structure"). */
export const standardTemplate: WebhookTemplate = (issuer, message, url) => ({
  url,
  body: {
    type: 'notification',
    timestamp: new Date(message.sentAt).toISOString(),
    data: {
      title: notificationTitle(message),
      url: linkOf(issuer, message),
      more: message.more,
      items: message.announcements.map((each) => ({
        title: each.title,
        text: shownSentence(each.sentence),
        agent: each.agent,
        facts: announcedFacts(each).map(([name, value]) => ({ name, value })),
        url: issuer + each.path,
        expires_at: each.expiresAt === null ? null : new Date(each.expiresAt).toISOString(),
      })),
    },
  },
})

/** Message to an ntfy topic, published as JSON to the server that the topic's address is at. Its text is plain by default. */
export const ntfyTemplate: WebhookTemplate = (issuer, message, url) => {
  const at = new URL(url)
  const path = at.pathname.split('/')
  const topic = path.pop() ?? ''
  at.pathname = path.join('/') || '/'
  return {
    url: at.href,
    body: {
      topic,
      title: notificationTitle(message),
      message: linesOf(message, (value) => value).join('\n'),
      click: linkOf(issuer, message),
    },
  }
}

/**
 * Text for an incoming webhook of Slack, and of compatible services such as Mattermost: one
 * reads mrkdwn, the other Markdown, and neither reads either within a code span.
 */
export const slackTextTemplate: WebhookTemplate = (issuer, message, url) => ({
  url,
  body: {
    text: [
      `*${notificationTitle(message)}*`,
      ...linesOf(message, codeSpan),
      linkOf(issuer, message),
    ].join('\n'),
  },
})

/** Characters that end a code span or begin an entity or a mention are written out. */
function codeSpan(value: string): string {
  const plain = value
    .replaceAll('`', '\\u{60}')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
  return plain === '' ? '' : `\`${plain}\``
}

function linesOf(message: Notification, write: (value: string) => string): string[] {
  return [
    ...message.announcements.flatMap((each) => [
      write(shownSentence(each.sentence)),
      ...announcedFacts(each).map(([name, value]) => `${name}: ${write(value)}`),
    ]),
    ...moreOf(message),
  ]
}

export function announcedFacts({ facts }: Announcement): (readonly [string, string])[] {
  return facts.map((fact) => [fact.name, factValue(fact)])
}

export function moreOf({ more }: Notification): string[] {
  return more > 0 ? [`and ${more} more`] : []
}
