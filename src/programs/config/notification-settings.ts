import { Secret } from '../../platform/lib/secret.ts'
import { optional, readList, setting } from '../../platform/lib/setting.ts'

/** Settings of how people are told that something waits for them. */
export const NOTIFICATION_SETTINGS = {
  smtp: optional(
    'REMIT_SMTP_URL',
    'Mail server that sends e-mail to people: `smtps://user:password@host`, or `smtp://user:password@host:587`, which then has to offer STARTTLS. Not set: no e-mail is sent.',
    readSmtpUrl,
  ),
  mailFrom: optional(
    'REMIT_MAIL_FROM',
    'Sender of these e-mails, such as `Remit <remit@example.com>`. Not set: `remit@` the host of the issuer.',
    readSender,
  ),
  webhookOrigins: setting(
    'REMIT_WEBHOOK_ORIGINS',
    '',
    'Origins in your own network that webhooks and callbacks of access requests may go to, such as `http://chat.internal:8065`, separated by commas. Every other one has to be HTTPS to a public address.',
    (value) => readList(value).map(readWebhookOrigin),
  ),
} as const

/** An origin that an operator trusts: plain HTTP too. */
function readWebhookOrigin(value: string): string {
  const url = URL.parse(value)
  if (!url || !/^https?:$/.test(url.protocol) || url.origin !== value)
    throw new Error('is not a list of origins such as `http://chat.internal:8065`')
  return value
}

function readSmtpUrl(value: string): Secret {
  const url = URL.parse(value)
  if (!url || !['smtp:', 'smtps:'].includes(url.protocol) || url.hostname === '')
    throw new Error('is not a URL such as `smtps://user:password@mail.example.com`')
  if (!['', '/'].includes(url.pathname) || url.search !== '' || url.hash !== '')
    throw new Error('has more to it than user, password, host and port')
  return new Secret(value)
}

/** One mailbox (RFC 5322 section 3.4), without quoted strings. */
const SENDER =
  /^(?:[^<>@,;:"\\\r\n]{1,64} <[^\s<>@,;:"]+@[^\s<>@,;:"]+>|[^\s<>@,;:"]+@[^\s<>@,;:"]+)$/

function readSender(value: string): string {
  if (!SENDER.test(value)) throw new Error('is not a sender such as `Remit <remit@example.com>`')
  return value
}
