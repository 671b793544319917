import type { ChannelKind, OwnerKind } from '../../identity/notifications/index.ts'
import type { Random } from '../../platform/lib/random.ts'
import {
  badAddress,
  newWebhookSecret,
  type PostParts,
  postTo,
  readUrl,
  webhookHeaders,
} from '../../platform/webhooks/index.ts'
import { teamsTemplate } from './teams-template.ts'
import {
  ntfyTemplate,
  slackTextTemplate,
  standardTemplate,
  type WebhookTemplate,
} from './templates.ts'

export interface WebhookParts extends PostParts {
  readonly issuer: string
  readonly random: Random
  readonly owners: readonly OwnerKind[]
}

interface WebhookSettings {
  readonly url: string
  readonly secret: string
}

/** Kinds of webhook: an address that takes a POST, and what it is told in. */
export function webhookKinds(parts: WebhookParts): readonly ChannelKind[] {
  const kind = (
    name: string,
    title: string,
    example: string,
    template: WebhookTemplate,
    pathOf = /^/,
  ): ChannelKind => ({
    ...{ name, title, owners: parts.owners },
    field: { label: 'Address', example },
    read(typed) {
      const url = readUrl(typed, parts)
      if (!pathOf.test(url.pathname)) throw badAddress(`this is no address such as ${example}`)
      const secret = newWebhookSecret(parts.random)
      const settings: WebhookSettings = { url: url.href, secret }
      return {
        ...{ label: url.host, settings: JSON.stringify(settings) },
        ...(template === standardTemplate ? { secret } : {}),
      }
    },
    async send(settings, message) {
      const { secret, url } = JSON.parse(settings) as WebhookSettings // as: written above
      const request = template(parts.issuer, message, url)
      const body = JSON.stringify(request.body)
      const signed = webhookHeaders(secret, { id: message.id, at: message.sentAt, body })
      const headers = { 'content-type': 'application/json', ...signed }
      await postTo(parts, request.url, { headers, body })
      return undefined
    },
  })
  return [
    kind('webhook', 'Signed webhook', 'https://api.example.com/remit', standardTemplate),
    kind('teams', 'Microsoft Teams', 'https://….logic.azure.com/workflows/…', teamsTemplate),
    kind(
      'slack-webhook',
      'Slack incoming webhook',
      'https://hooks.slack.com/services/…',
      slackTextTemplate,
    ),
    kind('ntfy', 'ntfy', 'https://ntfy.sh/your-topic', ntfyTemplate, /\/[\w-]{1,64}$/),
  ]
}
