import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { findResource } from '../../catalog/catalog/index.ts'
import {
  catalogParts,
  ORDERS_DOCUMENT,
  ORDERS_OPTIONS,
  planImport,
} from '../../catalog/catalog/testing.ts'
import { applyImport } from '../../catalog/catalog-changes/index.ts'
import { openMasterKey } from '../../platform/keys/index.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { Secret } from '../../platform/lib/secret.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { addConnection, replaceCredential, setExpiry, statedExpiry } from './add-connection.ts'
import { isCredential, isCredentialHeader } from './connection.ts'
import { selectConnections, selectExpiring, selectSealed } from './connection-store.ts'
import { connectResource, credentialFor, removeConnection } from './use-connection.ts'

const BY = 'psn_admin'
const TOKEN = 'sk_live_0123456789'

function problem(code: string) {
  return (error: unknown) => error instanceof Problem && error.code === code
}

async function connectionParts(storage: Storage, keyByte = 1) {
  const value = new Secret(Buffer.alloc(32, keyByte).toString('base64url'))
  const master = await openMasterKey({ directory: '', value, random: systemRandom })
  return { ...(await catalogParts(storage)), master, clock: manualClock() }
}

function given(
  change: { name?: string; header?: string; secret?: string; expiresAt?: number } = {},
) {
  const { name = 'shop', secret = TOKEN, ...rest } = change
  return { name, kind: 'bearer', secret: new Secret(secret), by: BY, ...rest } as const
}

function jwt(claims: unknown, header: unknown = { alg: 'RS256' }): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part(header)}.${part(claims)}.c2lnbmF0dXJl`
}

forEachEngine('connections', (open) => {
  it('give the credential to the request and to nobody else', async () => {
    const parts = await connectionParts(await open())
    const connection = await addConnection(parts, given())
    assert.deepEqual(Object.keys(connection).sort(), [
      ...['createdAt', 'expiresAt', 'header', 'kind', 'name', 'replacedAt'],
    ])
    const credential = await credentialFor(parts, 'shop')
    assert.equal(credential.header, 'authorization')
    assert.equal(credential.value.reveal(), `Bearer ${TOKEN}`)
    const seen = [connection, credential, await selectConnections(parts.storage.read), parts.events]
    assert.doesNotMatch(inspect(seen, { depth: 9 }) + JSON.stringify(seen), new RegExp(TOKEN))
  })

  it('are sealed at rest, each to its own row and this master key', async () => {
    const storage = await open()
    const parts = await connectionParts(storage)
    await addConnection(parts, given())
    await addConnection(parts, given({ name: 'other', header: 'X-Api-Key' }))
    assert.equal((await credentialFor(parts, 'other')).value.reveal(), TOKEN)
    const row = await selectSealed(storage.read, 'shop')
    assert.ok(row)
    assert.ok(!Buffer.from(row.sealed).includes(TOKEN))
    assert.ok(!Buffer.from(row.sealed).includes(createHash('sha256').update(TOKEN).digest()))
    await storage.transaction((tx) =>
      tx
        .updateTable('connections')
        .set({ sealed: row.sealed })
        .where('name', '=', 'other')
        .execute(),
    )
    await assert.rejects(credentialFor(parts, 'other'), problem('keys.cannot_open'))
    const stranger = await connectionParts(storage, 2)
    await assert.rejects(credentialFor(stranger, 'shop'), problem('keys.cannot_open'))
    await storage.transaction((tx) =>
      tx.updateTable('connections').set({ header: 'x-other' }).where('name', '=', 'shop').execute(),
    )
    await assert.rejects(
      credentialFor(parts, 'shop'),
      problem('keys.cannot_open'),
      'nor in another header',
    )
  })

  it('are recorded, and not made without a record', async () => {
    const parts = await connectionParts(await open())
    await addConnection(parts, given())
    await replaceCredential(parts, { name: 'shop', secret: new Secret('next'), by: BY })
    assert.equal((await credentialFor(parts, 'shop')).value.reveal(), 'Bearer next')
    await removeConnection(parts, { name: 'shop', by: BY })
    assert.deepEqual(
      parts.events.map(({ type, by }) => [type, by]),
      [
        ['connection.added', BY],
        ['connection.replaced', BY],
        ['connection.removed', BY],
      ],
    )
    const append = async () => {
      throw new Error('the ledger cannot be written')
    }
    await assert.rejects(addConnection({ ...parts, ledger: { append } }, given()), /ledger/)
    assert.deepEqual(await selectConnections(parts.storage.read), [])
  })

  it('know when they expire from who keeps them, else from themselves, and each credential anew', async () => {
    const parts = await connectionParts(await open())
    const now = parts.clock.now()
    const later = now + 90 * 86_400_000
    const whole = Math.floor(later / 1_000) * 1_000
    const stated = jwt({ exp: later / 1_000 })
    const known = async () =>
      (await selectConnections(parts.storage.read)).map(({ expiresAt, replacedAt }) => [
        expiresAt,
        replacedAt,
      ])
    assert.equal((await addConnection(parts, given())).expiresAt, null)
    assert.deepEqual(await known(), [[null, null]])
    assert.deepEqual(await selectExpiring(parts.storage.read), [])
    parts.clock.advance(1_000)
    const replaced = now + 1_000
    const replace = (change: { secret?: string; expiresAt?: number }) =>
      replaceCredential(parts, given(change))
    assert.equal((await replace({ secret: stated })).expiresAt, whole)
    assert.deepEqual(await known(), [[whole, replaced]])
    assert.equal((await replace({ secret: stated, expiresAt: later + 5 })).expiresAt, later + 5)
    assert.deepEqual(await known(), [[later + 5, replaced]])
    assert.deepEqual(await selectExpiring(parts.storage.read), [
      { name: 'shop', expiresAt: later + 5 },
    ])
    assert.equal((await replace({})).expiresAt, null, 'that of the one before is forgotten')
    assert.deepEqual(await known(), [[null, replaced]])
    const set = (expiresAt: number | null) => setExpiry(parts, { name: 'shop', expiresAt, by: BY })
    assert.deepEqual(await set(later), {
      ...{ name: 'shop', kind: 'bearer', header: 'authorization', createdAt: now },
      ...{ replacedAt: replaced, expiresAt: later },
    })
    assert.equal((await set(null)).expiresAt, null)
    assert.deepEqual(
      parts.events.slice(-3).map(({ type, facts }) => [type, facts]),
      [
        ['connection.replaced', { connection: 'shop' }],
        [
          'connection.expiry_set',
          { connection: 'shop', expires_at: new Date(later).toISOString() },
        ],
        ['connection.expiry_set', { connection: 'shop' }],
      ],
    )
    assert.doesNotMatch(JSON.stringify(parts.events), new RegExp(`${TOKEN}|${stated}`))
  })

  it('expire in the future, where somebody says so; what a credential says of itself is taken as it is', async () => {
    const parts = await connectionParts(await open())
    const now = parts.clock.now()
    const bad = problem('connection.bad')
    const over = given({ secret: jwt({ exp: now / 1_000 - 60 }) })
    assert.equal((await addConnection(parts, over)).expiresAt, now - 60_000)
    for (const expiresAt of [now, now - 1, Number.NaN]) {
      await assert.rejects(addConnection(parts, given({ name: 'other', expiresAt })), bad)
      await assert.rejects(replaceCredential(parts, given({ expiresAt })), bad)
      await assert.rejects(setExpiry(parts, { name: 'shop', expiresAt, by: BY }), bad)
    }
    const nothing = { name: 'nothing', expiresAt: null, by: BY }
    await assert.rejects(setExpiry(parts, nothing), problem('connection.unknown'))
  })

  it('are sent after they expired: the API decides, and nothing else stops', async () => {
    const parts = await connectionParts(await open())
    await addConnection(parts, given({ expiresAt: parts.clock.now() + 1 }))
    parts.clock.advance(86_400_000)
    assert.equal((await credentialFor(parts, 'shop')).value.reveal(), `Bearer ${TOKEN}`)
  })

  it('have names of their own', async () => {
    const parts = await connectionParts(await open())
    await addConnection(parts, given())
    await assert.rejects(addConnection(parts, given()), problem('connection.exists'))
    await assert.rejects(credentialFor(parts, 'nothing'), problem('connection.unknown'))
    const replacement = { name: 'nothing', secret: new Secret('x'), by: BY }
    await assert.rejects(replaceCredential(parts, replacement), problem('connection.unknown'))
    await assert.rejects(
      removeConnection(parts, { name: 'nothing', by: BY }),
      problem('connection.unknown'),
    )
  })

  it('stay while a resource uses them', async () => {
    const parts = await connectionParts(await open())
    await applyImport(parts, planImport(ORDERS_DOCUMENT, ORDERS_OPTIONS), BY)
    const connect = (connection: string | undefined) =>
      connectResource(parts, { resource: 'orders', connection, by: BY })
    await assert.rejects(connect('shop'), problem('connection.unknown'))
    await addConnection(parts, given())
    await assert.rejects(connect('other'), problem('connection.unknown'))
    await connect('shop')
    assert.equal((await findResource(parts.storage.read, 'orders'))?.connection, 'shop')
    await assert.rejects(
      removeConnection(parts, { name: 'shop', by: BY }),
      (error) => problem('connection.in_use')(error) && /`orders` use it/.test(String(error)),
    )
    await connect(undefined)
    await removeConnection(parts, { name: 'shop', by: BY })
  })

  it('are refused when they could not be sent as they are, without a word about the credential', async () => {
    const parts = await connectionParts(await open())
    for (const change of [
      { name: 'Shop' },
      { header: 'host' },
      { header: 'x y' },
      { secret: '' },
      { secret: 'a\r\nHost: attacker' },
      { secret: ' sk_live' },
      { secret: 'sk_é' },
    ]) {
      await assert.rejects(addConnection(parts, given(change)), (error) => {
        assert.ok(error instanceof Problem)
        assert.equal(error.code, 'connection.bad')
        assert.doesNotMatch(error.message, /sk_|attacker/)
        return true
      })
    }
  })
})

describe('what a credential says of its end', () => {
  const stated = (text: string) => statedExpiry(new Secret(text))

  it('is `exp` of a JWT, in a time that can be meant', () => {
    const exp = Date.UTC(2027, 0, 1) / 1_000
    assert.equal(stated(jwt({ exp })), exp * 1_000)
    assert.equal(
      stated(jwt({ exp: exp + 0.5, iss: 'https://api.example', aud: ['x'] })),
      exp * 1_000 + 500,
    )
    for (const other of [
      { exp: 0 },
      { exp: -1 },
      { exp: exp * 1_000 },
      { exp: 1e300 },
      { exp: String(exp) },
      { exp: null },
      { exp: [exp] },
      {},
      [exp],
      null,
      exp,
    ])
      assert.equal(stated(jwt(other)), undefined, JSON.stringify(other))
  })

  it('is nothing for everything else', () => {
    const whole = jwt({ exp: Date.UTC(2027, 0, 1) / 1_000 })
    const [head = '', claims = '', signature = ''] = whole.split('.')
    for (const text of [
      TOKEN,
      `${head}.${claims}`,
      `${head}.${claims}.`,
      `${whole}.x.y`,
      `${whole}=`,
      `x${whole}`,
      `..${signature}`,
      `${head}.!.${signature}`,
      `${head}.${Buffer.from('{"exp":1798761600,"exp":1}').toString('base64url')}.${signature}`,
      `${Buffer.from('{}').toString('base64url')}.${claims}.${signature}`,
      '.'.repeat(8192),
      'x'.repeat(8192),
    ])
      assert.equal(stated(text), undefined, text)
  })
})

describe('what can carry a credential', () => {
  it('is a header that frames, routes and identifies nothing', () => {
    for (const name of ['authorization', 'x-api-key', 'apikey', 'private-token']) {
      assert.ok(isCredentialHeader(name), name)
    }
    for (const name of [
      'cookie',
      'content-length',
      'transfer-encoding',
      'txn-token',
      'dpop',
      'x-forwarded-for',
      'proxy-authorization',
      'Authorization',
      'a:b',
      '',
    ]) {
      assert.ok(!isCredentialHeader(name), name)
    }
  })

  it('is text that a header value can be', () => {
    assert.ok(isCredential('a b'))
    for (const value of ['', ' a', 'a ', 'a\nb', 'a\0', 'ä', 'x'.repeat(8193)])
      assert.ok(!isCredential(value))
  })
})
