import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../../platform/lib/clock.ts'
import { DAY } from '../../../platform/lib/time-units.ts'
import type { Schema } from '../../../platform/storage/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { diagnosed } from '../testing.ts'

const now = manualClock().now()

const person = (id: string, status = 'active') => ({
  ...{ id, issuer: 'https://login.example', subject: id, name: id, status },
  ...{ email: null, created_at: now, last_seen_at: now, groups_seen_at: null },
  ...{ attributes: null, attributes_seen_at: null },
})
const agent = (id: string, owner: string, status = 'active') => ({
  ...{ id, name: id, description: '', owner_id: owner, trust: 1, ceiling: '[]', status },
  ...{ created_at: now, idle_minutes: 10 },
})
const rule = (name: string, change: Partial<Schema['admission_rules']> = {}) => ({
  ...{ name, mode: 'dynamic', redirect_hosts: '["app.example"]', document_hosts: '[]' },
  ...{ software_ids: '[]', key_change: 'ask', trust: 1, ceiling: '[]', may_delegate: null },
  ...{ owner_id: 'psn_ada', created_by: 'psn_ada', created_at: now },
  ...change,
})

forEachEngine('what administrators configured', (open) => {
  /** Rows are added, and a check says what it finds then. */
  async function installation() {
    const storage = await open()
    return {
      storage,
      add: <T extends keyof Schema & string>(table: T, ...rows: readonly object[]) =>
        storage.transaction(async (tx) => {
          // as: each test gives the columns that the table needs
          await tx
            .insertInto(table)
            .values(rows as never)
            .execute()
        }),
      status: async (id: string, change: Parameters<typeof diagnosed>[1] = {}) =>
        (await diagnosed(id, { ...change, snapshot: storage })).status,
    }
  }

  test('providers: none, a real one, one for development', async () => {
    const { add, status } = await installation()
    const settings = { REMIT_IDP_ISSUER: '' }
    assert.equal(await status('provider', { settings }), 'error')
    assert.equal(await status('provider'), 'ok')
    await add('identity_providers', {
      ...{ issuer: 'http://127.0.0.1:7482', name: 'dev', client_id: 'remit', sealed_secret: null },
      ...{ groups_claim: 'groups', closes_tasks: 0, created_at: now },
    })
    assert.equal(await status('provider'), 'error')
  })

  test('administrators: none, a suspended one, one, two', async () => {
    const { add, status } = await installation()
    assert.equal(await status('administrators'), 'error')
    await add('groups', { name: 'administrators', description: '', created_at: now })
    for (const [id, state, expected] of [
      ['psn_zoe', 'suspended', 'error'],
      ['psn_ada', 'active', 'warning'],
      ['psn_sam', 'active', 'ok'],
    ] as const) {
      await add('persons', person(id, state))
      await add('memberships', { person_id: id, group_name: 'administrators', source: 'manual' })
      assert.equal(await status('administrators'), expected)
    }
  })

  test('admission rules: each way to be open', async () => {
    const { add, status, storage } = await installation()
    await add('persons', person('psn_ada'))
    await add('admission_rules', rule('closed'))
    assert.equal(await status('admission'), 'ok')
    for (const change of [
      { redirect_hosts: '["*.example"]' },
      { redirect_hosts: '["localhost"]' },
      { mode: 'document', document_hosts: '["app.example"]', key_change: 'accept' },
      { trust: 2 },
    ]) {
      await add('admission_rules', rule('open', change))
      assert.equal(await status('admission'), 'warning', JSON.stringify(change))
      await storage.transaction(async (tx) => {
        await tx.deleteFrom('admission_rules').where('name', '=', 'open').execute()
      })
    }
  })

  test('owners: active, suspended', async () => {
    const { add, status } = await installation()
    await add('persons', person('psn_ada'), person('psn_zoe', 'suspended'))
    await add('agents', agent('good', 'psn_ada'), agent('old', 'psn_zoe', 'retired'))
    assert.equal(await status('owners'), 'ok')
    await add('agents', agent('orphan', 'psn_zoe'))
    assert.equal(await status('owners'), 'error')
  })

  test('credentials of machine clients: lasting, replaced, ending, ended', async () => {
    const { add, status } = await installation()
    const client = async (id: string, ...ends: readonly (number | null)[]) => {
      await add('clients', {
        ...{ id, kind: 'pep', settings: '{}', created_by: 'psn_ada', created_at: now },
      })
      for (const [i, end] of ends.entries())
        await add('client_credentials', {
          ...{ id: `${id}-${i}`, client_id: id, kind: 'secret', digest: `${id}-${i}` },
          ...{ created_by: 'psn_ada', created_at: now, ends_at: end },
        })
    }
    await client('lasting', null)
    await client('replaced', now - DAY, null)
    await client('later', now + 20 * DAY, now - DAY)
    assert.equal(await status('expiring'), 'ok')
    await client('ending', now + 13 * DAY)
    assert.equal(await status('expiring'), 'warning')
    await client('ended', now - 1)
    assert.equal(await status('expiring'), 'error')
  })

  test('credentials of APIs: new, older than a year, expiring, expired', async () => {
    const { add, storage } = await installation()
    const connection = (name: string, more: Partial<Schema['connections']> = {}) => ({
      ...{ name, kind: 'header', header: 'authorization', sealed: new Uint8Array(60) },
      ...{ created_at: now - 364 * DAY, replaced_at: null, expires_at: null },
      ...more,
    })
    const look = async () => {
      const { fix, message, status } = await diagnosed('connections', { snapshot: storage })
      return [status, `${message} ${fix ?? ''}`] as const
    }
    const assertSaid = async (expected: string, ...words: readonly RegExp[]) => {
      const [status, said] = await look()
      assert.equal(status, expected, said)
      for (const each of words) assert.match(said, each)
    }
    await add('connections', connection('new'))
    await assertSaid('ok', /of 1 the expiry is not known/)
    const old = { created_at: now - 366 * DAY }
    await add('connections', connection('lasting', { ...old, expires_at: now + 14 * DAY }))
    await add('connections', connection('renewed', { ...old, replaced_at: now - DAY }))
    await assertSaid('ok')
    await add('connections', connection('old', old))
    await assertSaid('warning', /older than a year.*: old\./, /remit connections expiry old/)
    await add('connections', connection('ending', { expires_at: now + 14 * DAY - 1 }))
    await assertSaid('warning', /within 14 days: ending \(/, /remit connections replace ending/)
    await add('connections', connection('ended', { expires_at: now }))
    await assertSaid('error', /: ended \(.*, ending \(/, /remit connections replace ended/)
  })

  test('channels: mail, no mail server, nothing at all, messages that failed', async () => {
    const { add, status } = await installation()
    assert.equal(await status('channels'), 'ok')
    const refused = { connect: () => Promise.reject(new Error('refused')) }
    assert.equal(await status('channels', { probes: refused }), 'error')
    assert.equal(await status('channels', { settings: { REMIT_SMTP_URL: '' } }), 'warning')
    await add('deliveries', {
      ...{ id: 'dlv_1', event_id: 'evt_1', kind: 'request', subject: 'req_1', channel: 'email' },
      ...{ recipient: 'psn_ada', state: 'failed', attempts: 9, next_at: now, created_at: now },
      ended_at: now,
    })
    assert.equal(await status('channels'), 'warning')
  })
})
