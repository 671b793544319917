import { Secret } from '../../platform/lib/secret.ts'
import { oneOf, optional, readList, setting } from '../../platform/lib/setting.ts'

/** Settings of how people are told that something waits for them. */
export const NOTIFICATION_SETTINGS = {
  smtp: optional(
    'REMIT_SMTP_URL',
    'Mail server that sends e-mail to people: `smtps://user:password@host`, or `smtp://user:password@host:587`, which then has to offer STARTTLS. Not set: nobody gets e-mail.',
    readSmtpUrl,
  ),
  mailFrom: optional(
    'REMIT_MAIL_FROM',
    'Sender of these e-mails, such as `Remit <remit@example.com>`. Not set: `remit@` the host of the issuer.',
    readSender,
  ),
  pushContact: optional(
    'REMIT_PUSH_CONTACT',
    'Address at which push services reach you, `mailto:admin@example.com` or an `https:` address; turns on notifications in browsers (web push). Not set: off.',
    readContact,
  ),
  personalWebhooks: setting(
    'REMIT_PERSONAL_WEBHOOKS',
    'off',
    'Whether people may add webhooks for themselves: `on` or `off`. Administrators may add them for groups in any case. A webhook is told what its owner may see.',
    oneOf('off', 'on'),
  ),
  webhookOrigins: setting(
    'REMIT_WEBHOOK_ORIGINS',
    '',
    'Origins in your own network that webhooks and callbacks of access requests may go to, such as `http://chat.internal:8065`, separated by commas. Every other one has to be HTTPS to a public address.',
    (value) => readList(value).map(readWebhookOrigin),
  ),
} as const

/** RFC 8292 section 2.1. */
function readContact(value: string): string {
  const url = URL.parse(value)
  if (!url || !/^(?:mailto:[^\s@]+@[^\s@]+|https:\/\/\S+)$/.test(value))
    throw new Error('is not `mailto:` and an e-mail address, or an `https:` address')
  return value
}

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
