import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { describe, it } from 'node:test'
import { inspect } from 'node:util'
import { findResource } from '../catalog/index.ts'
import { catalogParts, ORDERS_DOCUMENT, ORDERS_OPTIONS, planImport } from '../catalog/testing.ts'
import { applyImport } from '../catalog-changes/index.ts'
import { openMasterKey } from '../keys/index.ts'
import { Problem } from '../lib/problem.ts'
import { systemRandom } from '../lib/random.ts'
import { Secret } from '../lib/secret.ts'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { addConnection, replaceCredential } from './add-connection.ts'
import { isCredential, isCredentialHeader } from './connection.ts'
import { selectConnections, selectSealed } from './connection-store.ts'
import { connectResource, credentialFor, removeConnection } from './use-connection.ts'

const BY = 'psn_admin'
const TOKEN = 'sk_live_0123456789'

function problem(code: string) {
  return (error: unknown) => error instanceof Problem && error.code === code
}

async function connectionParts(storage: Storage, keyByte = 1) {
  const value = new Secret(Buffer.alloc(32, keyByte).toString('base64url'))
  const master = await openMasterKey({ directory: '', value, random: systemRandom })
  return { ...(await catalogParts(storage)), master }
}

function given(change: { name?: string; header?: string; secret?: string } = {}) {
  const { name = 'shop', secret = TOKEN, ...rest } = change
  return { name, kind: 'bearer', secret: new Secret(secret), by: BY, ...rest } as const
}

forEachEngine('connections', (open) => {
  it('give the credential to the request and to nobody else', async () => {
    const parts = await connectionParts(await open())
    const connection = await addConnection(parts, given())
    assert.deepEqual(Object.keys(connection).sort(), ['createdAt', 'header', 'kind', 'name'])
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
    await connect('shop')
    assert.equal((await findResource(parts.storage.read, 'orders'))?.connection, 'shop')
    await assert.rejects(
      removeConnection(parts, { name: 'shop', by: BY }),
      problem('connection.in_use'),
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
