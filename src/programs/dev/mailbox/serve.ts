import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { simpleParser } from 'mailparser'
import { SMTPServer } from 'smtp-server'
import { type Clock, systemClock } from '../../../platform/lib/clock.ts'
import { Mailbox } from './mail.ts'
import { mailboxPage } from './mailbox-page.ts'

const MAX_BYTES = 1_048_576

export interface SampleMailServer {
  /** `http://127.0.0.1:PORT`: the page with everybody's mail. */
  readonly origin: string
  /** `smtp://127.0.0.1:PORT` */
  readonly smtp: string
  close(): Promise<void>
}

/** Starts a mail server on loopback that keeps what it gets, and a page that shows it. Port 0 takes a free one. */
export async function serveMailbox(options: {
  readonly port: number
  readonly smtpPort: number
  /** Remit's issuer: links to its pages work. */
  readonly issuer: string
  readonly clock?: Clock
}): Promise<SampleMailServer> {
  const { clock = systemClock, issuer } = options
  const mailbox = new Mailbox()
  const smtp = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'], size: MAX_BYTES },
    closeTimeout: 1,
    onData(stream, { envelope }, done) {
      simpleParser(stream, { skipHtmlToText: true }).then(({ html, subject = '', text = '' }) => {
        const to = envelope.rcptTo.map(({ address }) => address).join(', ')
        mailbox.put({ to, subject, text, html: html || '', at: clock.now() })
        done()
      }, done)
    },
  })
  const listening = smtp.listen(options.smtpPort, '127.0.0.1')
  await once(listening, 'listening')
  smtp.on('error', () => {}) // clients that hang up
  const pages = createServer((request, reply) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://mailbox')
    const mails = mailbox.list(searchParams.get('to') ?? undefined)
    if (pathname === '/mails.json') {
      reply.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(mails))
    } else {
      const type = { 'content-type': 'text/html; charset=utf-8' }
      const policy = { 'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'" }
      reply.writeHead(200, { ...type, ...policy }).end(mailboxPage(mails, issuer))
    }
  })
  pages.listen(options.port, '127.0.0.1')
  await once(pages, 'listening')
  const portOf = (server: { address(): unknown }) => (server.address() as AddressInfo).port // listening on TCP
  return {
    origin: `http://127.0.0.1:${portOf(pages)}`,
    smtp: `smtp://127.0.0.1:${portOf(listening)}`,
    async close() {
      pages.closeAllConnections()
      await Promise.all([
        new Promise((resolve) => pages.close(resolve)),
        new Promise<void>((resolve) => smtp.close(resolve)),
      ])
    },
  }
}
