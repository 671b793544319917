import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { manualClock } from '../../../platform/lib/clock.ts'
import { DAY } from '../../../platform/lib/time-units.ts'
import { answering, diagnosed } from '../testing.ts'

const now = manualClock().now()
const json = (status: number, body: unknown) => () => Response.json(body, { status })

/** Checks, the status of something that is wrong, and a change that makes it so. Without a change, each is `ok`. */
const WRONG: readonly (readonly [string, string, Parameters<typeof diagnosed>[1]])[] = [
  ['issuer', 'error', { settings: { REMIT_ISSUER: 'http://127.0.0.1:7480' } }],
  ['origins', 'error', { settings: { REMIT_GATEWAY: 'http://127.0.0.1:7481' } }],
  ['origins', 'warning', { settings: { REMIT_GATEWAY: 'https://remit.example:8443' } }],
  [
    'listeners',
    'warning',
    { settings: { REMIT_PLAIN_HTTP: 'behind-proxy', REMIT_GATEWAY_LISTEN: '0.0.0.0:7481' } },
  ],
  ['listeners', 'warning', { settings: { REMIT_METRICS_LISTEN: '[::]:9464' } }],
  ['proxies', 'error', { settings: { REMIT_TRUSTED_PROXIES: '' } }],
  ['proxies', 'error', { settings: { REMIT_TRUSTED_PROXIES: '10.0.0.5, 0.0.0.0/0' } }],
  ['proxies', 'error', { settings: { REMIT_TRUSTED_PROXIES: '::/8' } }],
  ['audience', 'warning', { settings: { REMIT_TRUST_DOMAIN: 'remit' } }],
  ['secrets', 'error', { settings: { REMIT_IDP_CLIENT_SECRET: 'changeme-changeme' } }],
  ['secrets', 'error', { settings: { REMIT_IDP_CLIENT_SECRET: 'Xw2Lm7' } }],
  ['secrets', 'error', { settings: { REMIT_REGISTRATION_TOKEN: 'abab'.repeat(8) } }],
  [
    'secrets',
    'error',
    { settings: { DATABASE_URL: 'postgres://remit-user-here:remit-user-here@db/remit' } },
  ],
  ['master-key', 'error', { settings: { REMIT_MASTER_KEY: 'A'.repeat(43) } }],
  // The bytes 0 to 31.
  [
    'master-key',
    'error',
    { settings: { REMIT_MASTER_KEY: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8' } },
  ],
  [
    'master-key',
    'error',
    {
      settings: {
        REMIT_MASTER_KEY: Buffer.from('correct-horse-battery-staple-123').toString('base64url'),
      },
    },
  ],
  ['master-key', 'error', { settings: { REMIT_MASTER_KEY: 'short' } }],
  [
    'master-key',
    'error',
    { settings: { REMIT_MASTER_KEY: '' }, probes: { modeOf: async () => undefined } },
  ],
  [
    'master-key',
    'error',
    { settings: { REMIT_MASTER_KEY: '' }, probes: { modeOf: async () => 0o100640 } },
  ],
  [
    'master-key',
    'warning',
    {
      settings: {
        REMIT_MASTER_KEY:
          'ufD2tKkDvv-9SyXJXVGcxeHdlNOQvj6XY0lhaZz0wV8,K0n3-_o7p5tWcPzVYv6w4yT8h1sJdQe2rLx9mBfUaGE',
      },
    },
  ],
  ['replication', 'error', { server: serverWith('synchronous_standby_names', ' ') }],
  ['replication', 'error', { server: { confirming: 0 } }],
  ['replication', 'unknown', { server: { confirming: null } }],
  ['replication', 'warning', { settings: { REMIT_DATABASE_REPLICATION: 'warned' } }],
  ['durability', 'error', { server: serverWith('fsync', 'off') }],
  ['durability', 'error', { server: serverWith('full_page_writes', 'off') }],
  ['durability', 'warning', { server: serverWith('synchronous_commit', 'local') }],
  ['pooler', 'error', { server: { sharesProcesses: true } }],
  ['time-limits', 'warning', { server: { statementTimeout: 0 } }],
  [
    'database-tls',
    'error',
    { settings: { DATABASE_URL: 'postgres://remit@db/remit' }, server: { isEncrypted: false } },
  ],
  [
    'database-tls',
    'error',
    { settings: { DATABASE_URL: 'postgres://remit@db/remit?sslmode=no-verify' } },
  ],
  ['database-clock', 'error', { server: { now: now - 5_001 } }],
  ['database-clock', 'warning', { server: { now: now + 1_001 } }],
  ['disk', 'error', { probes: { freeBytes: async () => 255 * 1_048_576 } }],
  ['disk', 'warning', { probes: { freeBytes: async () => 1_000 * 1_048_576 } }],
  [
    'issuer-certificate',
    'error',
    { probes: { certificate: async () => ({ begins: 0, expiresAt: now }) } },
  ],
  [
    'issuer-certificate',
    'warning',
    { probes: { certificate: async () => ({ begins: 0, expiresAt: now + 13 * DAY }) } },
  ],
  [
    'gateway-certificate',
    'error',
    {
      probes: {
        certificate: async () => ({
          begins: 0,
          expiresAt: now + 90 * DAY,
          distrust: 'DEPTH_ZERO_SELF_SIGNED_CERT',
        }),
      },
    },
  ],
]

function serverWith(name: string, value: string) {
  return {
    settings: {
      ...{ fsync: 'on', full_page_writes: 'on', synchronous_commit: 'on' },
      ...{ synchronous_standby_names: 'b', [name]: value },
    },
  }
}

for (const [id, status, change] of WRONG)
  test(`${id}: ${status} with ${JSON.stringify(change)}`, async () => {
    const good = ['database-tls'].includes(id)
      ? { settings: { DATABASE_URL: 'postgres://remit@db/remit' } }
      : {}
    assert.equal((await diagnosed(id, good)).status, 'ok')
    const wrong = await diagnosed(id, change)
    assert.equal(wrong.status, status)
    assert.equal(wrong.fix === undefined, status === 'unknown')
  })

test('replication: one database server is good, on purpose', async () => {
  const server = serverWith('synchronous_standby_names', '')
  const settings = { REMIT_DATABASE_REPLICATION: 'single' }
  assert.equal((await diagnosed('replication', { server, settings })).status, 'ok')
})

const METADATA = 'https://remit.example/.well-known/oauth-authorization-server'
const READY = 'https://remit.example/readyz'
const GATEWAY = 'https://gateway.example/.well-known/oauth-protected-resource/-'
const PROVIDER = 'https://login.example/.well-known/openid-configuration'
const at = (time: number) => () =>
  new Response('{}', { headers: { date: new Date(time).toUTCString() } })

/** Checks over the network: an address, what is good there, and what is wrong with its status. */
const SEEN: readonly (readonly [
  string,
  string,
  () => Response,
  readonly (readonly [string, () => Response])[],
])[] = [
  [
    'metadata',
    METADATA,
    json(200, { issuer: 'https://remit.example' }),
    [
      ['error', json(200, { issuer: 'http://127.0.0.1:7480' })],
      ['error', json(200, {})],
      ['error', json(421, { code: 'request.wrong_host' })],
      ['error', json(404, {})],
      ['error', () => new Response('<html>', { status: 200 })],
      ['error', () => new Response('['.repeat(100_000), { status: 200 })],
    ],
  ],
  [
    'ready',
    READY,
    json(200, { status: 'ready' }),
    [
      [
        'error',
        json(503, {
          checks: [
            { name: 'disk', ok: false },
            { name: 'clock', ok: true },
          ],
        }),
      ],
      ['unknown', json(404, {})],
      ['unknown', json(503, { checks: 'none' })],
    ],
  ],
  [
    'gateway',
    GATEWAY,
    json(404, { code: 'resource.unknown' }),
    [
      ['error', json(421, { code: 'request.wrong_host' })],
      ['error', () => new Response('welcome to nginx')],
    ],
  ],
  [
    'provider-clock',
    PROVIDER,
    at(now),
    [
      ['error', at(now - 40_000)],
      ['warning', at(now + 10_000)],
      ['unknown', () => new Response('{}', { headers: { date: 'yesterday' } })],
    ],
  ],
]

for (const [id, url, good, wrong] of SEEN)
  test(`${id}: what is seen at ${url}`, async () => {
    const look = (answer: () => Response) =>
      diagnosed(id, { probes: { fetch: answering({ [url]: answer }) } })
    assert.equal((await look(good)).status, 'ok')
    for (const [status, answer] of wrong) assert.equal((await look(answer)).status, status)
  })

test('backups: none named, none there, one of somebody else, an old one, a new one', async (t) => {
  const backups = await mkdtemp(join(tmpdir(), 'remit-doctor-'))
  t.after(() => rm(backups, { recursive: true }))
  const add = async (name: string, manifest: unknown) => {
    await mkdir(join(backups, name))
    await writeFile(join(backups, name, 'manifest.json'), JSON.stringify(manifest))
  }
  const look = async () => (await diagnosed('backups', { backups })).status
  assert.equal((await diagnosed('backups')).status, 'unknown')
  assert.equal(await look(), 'error')
  const issuer = 'https://remit.example'
  await add('a', { issuer: 'https://other.example', taken_at: new Date(now).toISOString() })
  await add('b', { issuer, taken_at: 'soon' })
  await mkdir(join(backups, 'unfinished'))
  await mkdir(join(backups, 'odd', 'manifest.json'), { recursive: true })
  await mkdir(join(backups, 'huge'))
  await writeFile(
    join(backups, 'huge', 'manifest.json'),
    JSON.stringify({
      issuer: 'https://remit.example',
      taken_at: new Date(now).toISOString(),
    }).padEnd(1_048_577),
  )
  await writeFile(join(backups, 'file'), 'no directory')
  assert.equal(await look(), 'error')
  await add('c', { issuer, taken_at: new Date(now - 2 * DAY).toISOString() })
  assert.equal(await look(), 'warning')
  await add('d', { issuer, taken_at: new Date(now - 3_600_000).toISOString() })
  assert.equal(await look(), 'ok')
})

test('issuer-certificate: one that lives for hours is good until its last quarter', async () => {
  const look = async (begins: number) => {
    const certificate = async () => ({ begins, expiresAt: now + 3_600_000 })
    return (await diagnosed('issuer-certificate', { probes: { certificate } })).status
  }
  assert.deepEqual(
    [await look(now - 3_600_000), await look(now - 11 * 3_600_000)],
    ['ok', 'warning'],
  )
})

test('database-clock: a slow answer is no wrong clock', async () => {
  const server = { asked: now, answered: now + 9_000, now: now + 4_000 }
  assert.equal((await diagnosed('database-clock', { server })).status, 'ok')
})

test('release: a newer one is a warning, and nobody is asked unless an address is set', async () => {
  const REMIT_RELEASES = 'https://registry.example/remit/latest'
  const look = async (answer: () => Response) => {
    const probes = { fetch: answering({ [REMIT_RELEASES]: answer }) }
    return (await diagnosed('release', { probes, settings: { REMIT_RELEASES } })).status
  }
  assert.equal((await diagnosed('release')).status, 'not_applicable')
  for (const [version, status] of [
    ['0.9.1', 'ok'],
    ['0.9.0', 'ok'],
    ['0.9.10', 'warning'],
    ['0.10.0', 'warning'],
    ['1.0.0', 'warning'],
    ['1.0.0-beta.1', 'unknown'],
    ['newest', 'unknown'],
  ])
    assert.equal(await look(json(200, { version })), status, version)
  assert.equal(await look(json(500, { version: '1.0.0' })), 'unknown')
  assert.equal(await look(() => new Response('<html>')), 'unknown')
})

test('secrets: one that begins with a well-known word is not well known', async () => {
  const settings = { REMIT_IDP_CLIENT_SECRET: 'remit-9xTq2Lm7zR4v', REMIT_REGISTRATION_TOKEN: '' }
  assert.equal((await diagnosed('secrets', { settings })).status, 'ok')
})
