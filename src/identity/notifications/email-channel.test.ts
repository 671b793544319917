import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { type ParsedMail, simpleParser } from 'mailparser'
import { SMTPServer, type SMTPServerOptions } from 'smtp-server'
import { Secret } from '../../platform/lib/secret.ts'
import { quoted } from '../../platform/lib/text/visible.ts'
import { DeliveryError } from '../../platform/webhooks/index.ts'
import type { Person } from '../people/index.ts'
import type { Announcement } from './announcement.ts'
import { EmailChannel } from './email-channel.ts'

const ISSUER = 'https://remit.example'
const SAM: Person = {
  ...{ id: 'psn_sam', issuer: 'https://idp.example', subject: 'sam', name: 'Sam' },
  ...{ email: 'sam@example.com', groups: [], attributes: {}, status: 'active' },
  ...{ createdAt: 0, lastSeenAt: 0, confirmedAt: 0 },
}
const REFUND: Announcement = {
  ...{ recipients: [SAM], title: 'Call of high risk: waits for approval' },
  ...{ sentence: 'Refund "900.00" of order "1042"', agent: 'refund-bot' },
  ...{
    facts: [{ name: 'Action', value: 'orders.refund' }],
    path: '/approvals/req_1',
    expiresAt: null,
  },
}

/** A real SMTP server; answers its address and what it took. */
async function mailServer(t: TestContext, options: SMTPServerOptions = {}, host = '127.0.0.1') {
  const mails: ParsedMail[] = []
  const recipients: string[] = []
  const server = new SMTPServer({
    ...{ authOptional: true, disabledCommands: ['STARTTLS'], logger: false, closeTimeout: 1 },
    onRcptTo({ address }, _session, done) {
      recipients.push(address)
      done()
    },
    onData(stream, _session, done) {
      void simpleParser(stream).then((mail) => {
        mails.push(mail)
        done()
      }, done)
    },
    ...options,
  })
  server.on('error', () => {}) // what clients do wrong
  const listening = server.listen(0, host)
  await once(listening, 'listening')
  t.after(() => new Promise<void>((resolve) => server.close(resolve)))
  const { port } = listening.address() as AddressInfo // listening on TCP
  return { mails, port, recipients }
}

function channelTo(t: TestContext, url: string) {
  const channel = new EmailChannel(ISSUER, {
    url: new Secret(url),
    from: 'Remit <r@remit.example>',
  })
  t.after(() => channel.close())
  return channel
}

const told = (...announcements: readonly Announcement[]) => ({
  ...{ id: 'dlv_1', announcements, more: 0, sentAt: Date.UTC(2026, 10, 29) },
})

test('an e-mail says what waits and leads to the page', async (t) => {
  const { mails, port, recipients } = await mailServer(t)
  await channelTo(t, `smtp://127.0.0.1:${port}`).send(SAM, told(REFUND))
  assert.deepEqual(recipients, ['sam@example.com'])
  const [mail] = mails
  assert.equal(mail?.subject, '[Remit] Call of high risk: waits for approval')
  assert.match(mail?.text ?? '', /Refund "900\.00" of order "1042"/)
  assert.match(mail?.text ?? '', /^ {2}Action {2}orders\.refund$/m)
  assert.match(mail?.text ?? '', /^ {2}https:\/\/remit\.example\/approvals\/req_1$/m)
  assert.equal(mail?.messageId, '<dlv_1@remit.example>')
  assert.equal(mail?.headers.get('auto-submitted'), 'auto-generated')
  assert.equal(mail?.date?.getTime(), Date.UTC(2026, 10, 29))
})

test('values that an agent chose are no links, markup or headers', async (t) => {
  const { mails, port } = await mailServer(t)
  const bad =
    'Send "https://evil.example/x <b>\u202egnp</b>\r\nBcc: all@example.com" via evil.example'
  const value = 'Eve <script>evil.example</script>'
  const facts = [{ name: 'For', value, foreign: true }] as const
  await channelTo(t, `smtp://127.0.0.1:${port}`).send(
    SAM,
    told({ ...REFUND, sentence: bad, facts }),
  )
  const [mail] = mails
  const { html, text } = { html: String(mail?.html), text: mail?.text ?? '' }
  assert.match(text, /https\[:\]\/\/evil\[\.\]example\/x <b>\\u\{202e\}gnp/)
  for (const part of [text, html]) assert.doesNotMatch(part, /https:\/\/evil|evil\.example/)
  assert.doesNotMatch(html, /<script|<b>/)
  assert.deepEqual(
    [...html.matchAll(/href="([^"]*)"/g)].map(([, link]) => link),
    [`${ISSUER}/approvals/req_1`, `${ISSUER}/notifications`],
  )
  assert.equal(mail?.bcc, undefined)
})

test('what is hidden in a sentence is written out once, and a run of it with its count', async (t) => {
  const { mails, port } = await mailServer(t)
  const sentence = `Note ${quoted(`a${'\u200b'.repeat(40)}b\\u{200b}"`)}`
  const facts = [
    { name: 'For', value: `x${'\u200b'.repeat(3)}y\\u{200b}\\u{200b}\\u{200b}`, foreign: true },
  ] as const
  await channelTo(t, `smtp://127.0.0.1:${port}`).send(SAM, told({ ...REFUND, sentence, facts }))
  const text = mails[0]?.text ?? ''
  assert.ok(text.includes(String.raw`Note "a\u{200b}×40b\\u{200b}\""`), text)
  assert.ok(text.includes(String.raw`x\u{200b}×3y\\u{200b}\\u{200b}\\u{200b}`), text)
})

test('several make one e-mail, with the number of others', async (t) => {
  const { mails, port } = await mailServer(t)
  const channel = channelTo(t, `smtp://127.0.0.1:${port}`)
  await channel.send(SAM, { ...told(REFUND, { ...REFUND, sentence: 'Delete all' }), more: 3 })
  assert.equal(mails[0]?.subject, '[Remit] 5 things wait for you')
  assert.match(mails[0]?.text ?? '', /Delete all.*and 3 more: https:\/\/remit\.example\/approvals/s)
})

test('nothing is sent in the clear to a server elsewhere', async (t) => {
  const { mails, port } = await mailServer(t, {}, '127.0.0.2')
  // An address of this machine that the channel takes for another one.
  const channel = channelTo(t, `smtp://127.0.0.2:${port}`)
  await assert.rejects(
    channel.send(SAM, told(REFUND)),
    (error) => error instanceof DeliveryError && !error.lasting,
  )
  assert.deepEqual(mails, [])
})

for (const [code, lasting] of [
  [550, true],
  [451, false],
] as const)
  test(`a recipient that is refused with ${code} is ${lasting ? 'not ' : ''}tried again`, async (t) => {
    const { port } = await mailServer(t, {
      onRcptTo: (_address, _session, done) =>
        done(Object.assign(new Error('no'), { responseCode: code })),
    })
    const channel = channelTo(t, `smtp://127.0.0.1:${port}`)
    await assert.rejects(
      channel.send(SAM, told(REFUND)),
      (error) => error instanceof DeliveryError && error.lasting === lasting,
    )
  })

test('a server that is not there is tried again', async (t) => {
  const channel = channelTo(t, 'smtp://127.0.0.1:9')
  await assert.rejects(
    channel.send(SAM, told(REFUND)),
    (error) => error instanceof DeliveryError && !error.lasting && !/secret/.test(error.message),
  )
})

test('a password that is not right is trouble with the server, and in no message', async (t) => {
  const { port } = await mailServer(t, {
    ...{ authOptional: false, allowInsecureAuth: true },
    onAuth: (_auth, _session, done) => done(new Error('Invalid login')),
  })
  const channel = channelTo(t, `smtp://user:secret@127.0.0.1:${port}`)
  await assert.rejects(
    channel.send(SAM, told(REFUND)),
    (error) => error instanceof DeliveryError && !error.lasting && !/secret/.test(error.message),
  )
})
