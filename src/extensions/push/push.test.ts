import assert from 'node:assert/strict'
import { createHmac, createPublicKey, ECDH, verify } from 'node:crypto'
import { describe, test } from 'node:test'
import type { Notification } from '../../identity/notifications/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { pushKind } from './push-kind.ts'
import { TestBrowser } from './testing.ts'

const ENDPOINT = 'https://push.example/send/abc'

/** A browser, and the push service that it subscribed at. */
class TestSubscriber {
  readonly #browser = new TestBrowser()
  readonly received: { headers: Record<string, string>; body: Buffer }[] = []
  status = 201

  subscription(over: Readonly<Record<string, unknown>> = {}): string {
    return this.#browser.subscription(ENDPOINT, over)
  }

  /** Text of the message that came last. */
  read(): string {
    return this.#browser.open((this.received.at(-1) ?? assert.fail('nothing came')).body)
  }
}

function ready() {
  const browser = new TestSubscriber()
  const seed = systemRandom.bytes(32)
  const kind = pushKind({
    contact: 'mailto:admin@example.com',
    origins: [],
    master: {
      derive: (purpose) => createHmac('sha256', seed).update(purpose).digest(),
    },
    outbound: {
      async fetch(url, init) {
        assert.equal(url, ENDPOINT)
        browser.received.push({
          headers: { ...init?.headers },
          body: Buffer.from(await new Response(init?.body).bytes()),
        })
        return new Response(null, { status: browser.status })
      },
    },
  })
  return { browser, kind }
}

function message(over: Partial<Notification['announcements'][number]> = {}): Notification {
  return {
    ...{ id: 'dlv_1', more: 0, sentAt: 1_700_000_000_000 },
    announcements: [
      {
        ...{ recipients: [], title: 'Waits for approval', agent: 'evil-bot' },
        ...{ sentence: 'Refund 900.00 to evil.example', path: '/approvals/req_1' },
        facts: [{ name: 'For', value: 'evil', foreign: true }],
        expiresAt: 1_700_000_060_000,
        ...over,
      },
    ],
  }
}

/** A point of the curve in its short form, which browsers do not send. */
function compressed(point: string): string {
  const bytes = ECDH.convertKey(point, 'prime256v1', 'base64url', 'base64url', 'compressed')
  return String(bytes)
}

describe('notifications in browsers', () => {
  test('arrive encrypted for the browser, with a title of ours and nothing that an agent chose', async () => {
    const { browser, kind } = ready()
    const { label, settings } = kind.read(browser.subscription())
    assert.equal(label, 'Firefox on Linux')
    await kind.send(settings, message())
    assert.deepEqual(JSON.parse(browser.read()), {
      ...{ id: 'dlv_1', title: 'Waits for approval', path: '/approvals/req_1' },
    })
    const headers = browser.received[0]?.headers
    assert.equal(headers?.['Content-Encoding'], 'aes128gcm')
    assert.equal(headers?.TTL, '60', 'for as long as it can be answered')
    await kind.send(settings, message({ expiresAt: null }))
    assert.equal(browser.received[1]?.headers.TTL, '86400')
    await kind.send(settings, { ...message(), more: 4 })
    assert.deepEqual(JSON.parse(browser.read()), {
      ...{ id: 'dlv_1', title: '5 things wait for you', path: '/approvals' },
    })
  })

  test('are signed by the key that browsers subscribe to, for the push service', async () => {
    const { browser, kind } = ready()
    await kind.send(kind.read(browser.subscription()).settings, message())
    const { Authorization = '' } = browser.received[0]?.headers ?? {}
    const [, token = '', key] = /^vapid t=([^,]+), ?k=(.+)$/.exec(Authorization) ?? []
    assert.equal(key, kind.publicKey)
    const [head = '', payload = '', signature = ''] = token.split('.')
    const point = Buffer.from(key ?? '', 'base64url')
    const publicKey = createPublicKey({
      key: {
        ...{ kty: 'EC', crv: 'P-256' },
        x: base64url(point.subarray(1, 33)),
        y: base64url(point.subarray(33)),
      },
      format: 'jwk',
    })
    assert.ok(
      verify(
        'sha256',
        Buffer.from(`${head}.${payload}`),
        { key: publicKey, dsaEncoding: 'ieee-p1363' },
        Buffer.from(signature, 'base64url'),
      ),
    )
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
    assert.deepEqual([claims.aud, claims.sub], ['https://push.example', 'mailto:admin@example.com'])
  })

  test('a subscription that the service calls gone is gone, other trouble is not', async () => {
    const { browser, kind } = ready()
    const { settings } = kind.read(browser.subscription())
    for (const [status, gone, lasting] of [
      [404, true, true],
      [410, true, true],
      [403, false, true],
      [413, false, true],
      [429, false, false],
      [503, false, false],
    ] as const) {
      browser.status = status
      await assert.rejects(kind.send(settings, message()), { gone, lasting }, String(status))
    }
  })

  test('what is no subscription is refused, before anything is encrypted for it', () => {
    const { browser, kind } = ready()
    const good = JSON.parse(browser.subscription())
    const offCurve = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]).toString('base64url')
    for (const bad of [
      '',
      '[]',
      'null',
      '{"endpoint":"https://a.example/"}',
      '{"a":1,"a":2}',
      browser.subscription({ endpoint: 'http://push.example/' }),
      browser.subscription({ endpoint: 'https://user@push.example/' }),
      browser.subscription({ endpoint: 7 }),
      browser.subscription({ endpoint: [ENDPOINT] }),
      browser.subscription({ keys: 7 }),
      browser.subscription({ keys: { ...good.keys, auth: 7 } }),
      browser.subscription({ keys: { ...good.keys, auth: undefined } }),
      browser.subscription({ keys: { ...good.keys, auth: '*' } }),
      browser.subscription({ keys: { ...good.keys, p256dh: 7 } }),
      browser.subscription({ keys: { ...good.keys, p256dh: undefined } }),
      browser.subscription({ keys: { ...good.keys, p256dh: '*' } }),
      browser.subscription({ keys: { ...good.keys, p256dh: compressed(good.keys.p256dh) } }),
      browser.subscription({ keys: { ...good.keys, auth: 'AA' } }),
      browser.subscription({ keys: { ...good.keys, p256dh: offCurve } }),
      browser.subscription({ keys: { ...good.keys, p256dh: good.keys.auth } }),
      browser.subscription({ padding: 'x'.repeat(5_000) }),
    ])
      assert.throws(() => kind.read(bad), { code: 'notification.bad_address' }, bad.slice(0, 80))
    for (const [name, label] of [
      ['x'.repeat(60), 'x'.repeat(60)],
      ['x'.repeat(61), 'push.example'],
      ['', 'push.example'],
      [['Firefox'], 'push.example'],
    ] as const)
      assert.equal(kind.read(browser.subscription({ browser: name })).label, label)
  })
})
