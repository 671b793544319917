import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { describe, test } from 'node:test'
import type { Notification } from '../../identity/notifications/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { outbound } from '../../platform/net/index.ts'
import { webhookHeaders } from '../../platform/webhooks/index.ts'
import { webhookKinds } from './webhook-kind.ts'

const ISSUER = 'https://remit.example'

/** Values that an agent might choose so that a message says something else. */
const HOSTILE = [
  '[Approve](https://evil.example/x)',
  '**bold** _it_ ~~no~~ # title',
  '<https://evil.example|Approve> <!channel> <@U123> &lt;',
  '`code` ``` @channel @here :tada:',
  `{{DATE(2026-01-01T00:00:00Z)}} $${'{'}title} <at>everyone</at>`,
  'line\nbreak \u202e right to left',
]

function message(sentence: string, value = sentence): Notification {
  return {
    id: 'dlv_1',
    more: 0,
    sentAt: 1_700_000_000_900,
    announcements: [
      {
        ...{ recipients: [], title: 'Somebody has to approve it', sentence, agent: 'refund-bot' },
        facts: [
          { name: 'Agent', value: 'refund-bot' },
          { name: 'For', value, foreign: true },
        ],
        ...{ path: '/approvals/req_1', expiresAt: 1_700_000_060_000 },
      },
    ],
  }
}

function ready(answer: () => Promise<Response> = async () => new Response('ok')) {
  const sent: { url: string; headers: Record<string, string>; text: string }[] = []
  const kinds = webhookKinds({
    ...{ issuer: ISSUER, random: systemRandom, origins: ['http://chat.internal:8065'] },
    owners: ['group'],
    outbound: {
      async fetch(url, init) {
        sent.push({ url, headers: { ...init?.headers }, text: String(init?.body) })
        return answer()
      },
    },
  })
  const kindOf = (name: string) =>
    kinds.find((each) => each.name === name) ?? assert.fail(`no kind ${name}`)
  const send = async (name: string, url: string, what: Notification) => {
    await kindOf(name).send(kindOf(name).read(url).settings, what)
    const last = sent.at(-1)
    assert.ok(last)
    return { ...last, body: JSON.parse(last.text) }
  }
  return { kindOf, send, sent }
}

/** All texts of a value, by the name of the member that holds each. */
function textsIn(value: unknown, name = ''): [string, string][] {
  if (typeof value === 'string') return [[name, value]]
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    textsIn(inner, Array.isArray(value) ? name : key),
  )
}

describe('webhooks', () => {
  test('are signed as Standard Webhooks says', () => {
    // Example of the specification.
    const headers = webhookHeaders('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', {
      ...{ id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', at: 1_614_265_330_000 },
      body: '{"test": 2432232314}',
    })
    assert.deepEqual(headers, {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })

  test('carry what is told as JSON, under the same id each time, signed over its exact bytes', async () => {
    const { kindOf, send } = ready()
    const { secret = '' } = kindOf('webhook').read('https://api.example/remit')
    assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
    const { body, headers, url } = await send(
      'webhook',
      'https://api.example/remit',
      message('Refund 900.00'),
    )
    assert.equal(url, 'https://api.example/remit')
    assert.equal(headers['webhook-id'], 'dlv_1')
    assert.deepEqual(body, {
      type: 'notification',
      timestamp: '2023-11-14T22:13:20.900Z',
      data: {
        title: 'Somebody has to approve it',
        url: 'https://remit.example/approvals/req_1',
        more: 0,
        items: [
          {
            title: 'Somebody has to approve it',
            text: 'Refund 900.00',
            agent: 'refund-bot',
            facts: [
              { name: 'Agent', value: 'refund-bot' },
              { name: 'For', value: 'Refund 900.00' },
            ],
            url: 'https://remit.example/approvals/req_1',
            expires_at: '2023-11-14T22:14:20.000Z',
          },
        ],
      },
    })
  })

  test('show a secret only where the receiver verifies with it', () => {
    const { kindOf } = ready()
    for (const name of ['teams', 'slack-webhook', 'ntfy'])
      assert.equal(kindOf(name).read('https://a.example/topic').secret, undefined, name)
  })

  test('verify with the secret that was shown, and each address has its own', async () => {
    const { kindOf, sent } = ready()
    const kind = kindOf('webhook')
    const [one, two] = [kind.read('https://a.example/'), kind.read('https://a.example/')]
    assert.notEqual(one.secret, two.secret)
    await kind.send(one.settings, message('Refund'))
    const { headers = {}, text } = sent[0] ?? {}
    const key = Buffer.from(one.secret?.slice(6) ?? '', 'base64')
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`
    const mac = createHmac('sha256', key).update(signed).digest('base64')
    assert.equal(headers['webhook-signature'], `v1,${mac}`)
  })

  for (const hostile of HOSTILE) {
    test(`show what an agent chose as text only: ${JSON.stringify(hostile)}`, async () => {
      const { send } = ready()
      const what = message(hostile)
      const teams = await send('teams', 'https://x.logic.azure.com/w?sig=1', what)
      const texts = textsIn(teams.body)
      for (const [name, text] of texts.filter(([, each]) =>
        /evil|\*bold|`code|DATE|right/.test(each),
      ))
        assert.ok(name === 'text' && !/[{$]\{/.test(text), `${name}: ${text}`)
      const blocks = JSON.stringify(teams.body)
      assert.doesNotMatch(blocks, /"TextBlock"|"FactSet"|"msteams"/)
      assert.deepEqual(
        texts.filter(([name]) => name === 'url').map(([, url]) => url),
        ['https://remit.example/approvals/req_1'],
      )
      const ntfy = await send('ntfy', 'https://ntfy.example/alarm', what)
      assert.deepEqual(Object.keys(ntfy.body), ['topic', 'title', 'message', 'click'])
      const slack = await send('slack-webhook', 'https://hooks.slack.com/services/x', what)
      assert.deepEqual(Object.keys(slack.body), ['text'])
      const [, ...lines] = String(slack.body.text).split('\n')
      assert.equal(lines.pop(), 'https://remit.example/approvals/req_1')
      assert.equal(lines.length, 3, 'no line of theirs')
      for (const line of lines) assert.match(line, /^(?:\w+: )?`[^`<>\n]+`$/)
      for (const { text } of [teams, ntfy, slack]) {
        assert.doesNotMatch(text, /evil\.example|\u202e/)
      }
    })
  }

  test('go to the server of an ntfy topic, below its path', async () => {
    const { kindOf, send } = ready()
    const { body, url } = await send('ntfy', 'https://a.example/push/alarm?auth=x', message('Hi'))
    assert.deepEqual([url, body.topic], ['https://a.example/push?auth=x', 'alarm'])
    assert.equal(
      (await send('ntfy', 'https://ntfy.sh/alarm', message('Hi'))).url,
      'https://ntfy.sh/',
    )
    for (const bad of ['', 'topic/', 'a.b', `${'x'.repeat(65)}`])
      assert.throws(() => kindOf('ntfy').read(`https://ntfy.sh/${bad}`), Problem, bad)
    assert.ok(kindOf('ntfy').read(`https://ntfy.sh/${'x'.repeat(64)}`))
  })

  test('many things make one message with one link', async () => {
    const { send } = ready()
    const [first] = message('one').announcements
    assert.ok(first)
    const many = { ...message('one'), announcements: [first, first], more: 3 }
    const { body } = await send('slack-webhook', 'https://hooks.slack.com/services/x', many)
    assert.match(body.text, /^\*5 things wait for you\*\n/)
    assert.match(body.text, /\nand 3 more\nhttps:\/\/remit\.example\/approvals$/)
  })

  test('are HTTPS, without credentials, unless their origin is trusted', () => {
    const { kindOf } = ready()
    const { read } = kindOf('webhook')
    for (const bad of [
      '',
      'api.example',
      'http://api.example/',
      'http://chat.internal/',
      'ftp://api.example/',
      'javascript:alert(1)',
      'https://user:password@api.example/',
      'https://api.example/#part',
      `https://api.example/${'x'.repeat(2_048)}`,
    ])
      assert.throws(() => read(bad), { code: 'notification.bad_address' }, bad)
    assert.equal(read('http://chat.internal:8065/hooks/x').label, 'chat.internal:8065')
    assert.doesNotMatch(read('https://api.example/secret').label, /secret/)
  })

  test('a refusal and a redirect last, trouble passes', async () => {
    for (const [status, lasting] of [
      [301, true],
      [400, true],
      [410, true],
      [408, false],
      [429, false],
      [500, false],
      [503, false],
    ] as const) {
      const { send } = ready(async () => new Response('', { status }))
      await assert.rejects(send('webhook', 'https://a.example/', message('Hi')), {
        ...{ message: `a.example answered ${status}`, lasting },
      })
    }
    const { send } = ready(async () => {
      throw new Problem('outbound.timed_out', 'https://a.example did not answer in time')
    })
    await assert.rejects(send('webhook', 'https://a.example/', message('Hi')), { lasting: false })
  })

  test('never reach an address of a network that is not trusted', async () => {
    const messages = outbound({
      allowOrigins: () => false,
      resolver: async () => [{ address: '10.0.0.7', family: 4 }],
    })
    const [kind] = webhookKinds({
      ...{ issuer: ISSUER, random: systemRandom, origins: [], owners: ['group'] },
      outbound: messages,
    })
    assert.ok(kind)
    for (const url of ['https://intranet.example/', 'https://127.0.0.1/', 'https://[::1]/'])
      await assert.rejects(kind.send(kind.read(url).settings, message('Hi')), { lasting: true })
    await messages.close()
  })
})
