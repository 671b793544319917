import type { Secret } from '../../platform/lib/secret.ts'
import { DeliveryError } from '../../platform/webhooks/index.ts'
import type { Person } from '../people/index.ts'
import type { Channel, Notification } from './channel.ts'
import { composeEmail } from './compose-email.ts'

/** A server that takes mail (RFC 5321), and the sender of ours. */
export interface MailSettings {
  /** `smtp://` or `smtps://`, with user and password where the server wants them. */
  readonly url: Secret
  readonly from: string
}

const TIMEOUT_MS = 10_000
const MAX_CONNECTIONS = 2

/** A person is told by the address that their identity provider knows, unless the provider says that it is not verified. */
export class EmailChannel implements Channel {
  readonly name = 'email'
  readonly title = 'E-mail'
  #transport: ReturnType<typeof transportTo> | undefined
  readonly #url: URL
  readonly #issuer: string
  readonly #from: string

  constructor(issuer: string, { from, url }: MailSettings) {
    this.#issuer = issuer
    this.#from = from
    this.#url = new URL(url.reveal())
  }

  addressOf({ email }: Person): string | undefined {
    return email
  }

  async send({ email }: Person, message: Notification): Promise<void> {
    if (email === undefined) throw new DeliveryError('there is no address', { lasting: true })
    const { host } = new URL(this.#issuer)
    // Loaded with the first message: most starts send none.
    this.#transport ??= transportTo(this.#url)
    const transport = await this.#transport
    const answer = transport.sendMail({
      ...composeEmail(this.#issuer, message),
      from: this.#from,
      // An object: an address in a list would be read by its grammar.
      to: { name: '', address: email },
      messageId: `<${message.id}@${host.replaceAll(':', '.')}>`,
      date: new Date(message.sentAt),
      // RFC 3834: no absence note answers.
      headers: { 'Auto-Submitted': 'auto-generated', 'X-Auto-Response-Suppress': 'All' },
      disableFileAccess: true,
      disableUrlAccess: true,
    })
    await answer.catch((error: unknown) => {
      throw new DeliveryError(mailErrorWords(error), { lasting: isLasting(error) })
    })
  }

  close(): void {
    this.#transport?.then((transport) => transport.close()).catch(() => {})
  }
}

/**
 * INVARIANT: passwords and messages never cross a network in the clear: without `smtps:` the server has to speak STARTTLS (RFC
 * 3207), except on this machine.
 */
async function transportTo(url: URL) {
  const { createTransport } = await import('nodemailer')
  const secure = url.protocol === 'smtps:'
  const local = ['127.0.0.1', '[::1]', 'localhost'].includes(url.hostname)
  return createTransport({
    pool: true,
    maxConnections: MAX_CONNECTIONS,
    host: url.hostname.replaceAll(/^\[|\]$/g, ''),
    port: url.port ? Number(url.port) : secure ? 465 : 587,
    secure,
    ...(secure ? {} : local ? { ignoreTLS: url.password === '' } : { requireTLS: true }),
    ...(url.username
      ? {
          auth: {
            user: decodeURIComponent(url.username),
            pass: decodeURIComponent(url.password),
          },
        }
      : {}),
    tls: { minVersion: 'TLSv1.2' },
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
  })
}

/** A refusal of the mailbox (RFC 5321 section 4.2.1, 5yz) stays one; trouble with the server itself passes. */
function isLasting(error: unknown): boolean {
  const { command, responseCode } = error as { command?: string; responseCode?: number } // as: nodemailer's errors
  const aboutMessage = command === 'RCPT TO' || command === 'DATA' || command === 'MAIL FROM'
  return aboutMessage && responseCode !== undefined && responseCode >= 500
}

function mailErrorWords(error: unknown): string {
  const { code, response } = error as { code?: string; response?: string } // as: nodemailer's errors
  return response ?? code ?? 'the mail server does not answer'
}
