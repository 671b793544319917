import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ORDERS_DOCUMENT, planImport, planOrders } from '../../catalog/catalog/testing.ts'
import { applyImport, removeResource } from '../../catalog/catalog-changes/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { registered, testAgents } from '../agents/testing.ts'
import { type ClientSettingsInput, checkSettings } from './check-settings.ts'
import type { ClientKind } from './kinds.ts'
import type { IssuingSettings } from './settings.ts'

const by = 'operator'
const BAD = 'client.bad_settings'
const ISSUING: IssuingSettings = { issuer: 'https://as.example', parties: [], audiences: [] }
const PARTY = { type: 'client', id: 'their-bot', agent: 'refund-bot' } as const

forEachEngine('settings of a machine client', (open) => {
  let shared: ReturnType<typeof begin> | undefined

  /** The APIs `orders` behind the gateway, `billing` that is called directly, `inner` of the trust domain, and `gone`; one agent. */
  async function begin() {
    const { ada, parts } = await testAgents(await open.shared())
    const catalog = { ...parts, revalidate: async () => {} }
    const imported = (name: string, over: object) =>
      applyImport(
        catalog,
        planImport(ORDERS_DOCUMENT, { name, identifier: `http://127.0.0.1:9000/${name}`, ...over }),
        by,
      )
    await applyImport(catalog, planOrders(), by)
    await imported('billing', { mode: 'direct' })
    await imported('inner', { trusted: true })
    await imported('gone', { mode: 'direct' })
    await removeResource(catalog, { name: 'gone', by, reason: 'test' })
    await registered(parts, ada)
    const named = (one: string) => async (_: unknown, name: string) =>
      name === one ? { name } : undefined
    const references = { space: named('desk'), policySet: named('records') }
    return { reader: parts.storage.read, references }
  }

  async function checked<K extends ClientKind>(kind: K, said: ClientSettingsInput<K>) {
    shared ??= begin()
    return checkSettings(await shared, kind, said)
  }

  async function refused<K extends ClientKind>(
    kind: K,
    said: ClientSettingsInput<K>,
    detail: RegExp,
    code = BAD,
  ) {
    await assert.rejects(checked(kind, said), { code, detail }, JSON.stringify(said))
  }

  const issuing = (over: Partial<IssuingSettings> = {}) =>
    ({ mode: 'issuance', issuing: { ...ISSUING, ...over } }) as const

  test('an enforcer speaks for one API that is called directly, or of the trust domain', async () => {
    for (const resource of ['billing', 'inner'])
      assert.deepEqual(await checked('enforcer', { resource }), { resource })
    await refused('enforcer', {}, /^an enforcer names its `resource`$/)
    for (const resource of ['nothing', 'gone'])
      await refused('enforcer', { resource }, /no resource/, 'catalog.unknown_resource')
    await refused('enforcer', { resource: 'orders' }, /go through the gateway/, 'client.not_direct')
  })

  test('a program that asks about tokens asks about APIs that there are, or all', async () => {
    assert.deepEqual(await checked('introspector', {}), { resources: null })
    const resources = ['orders', 'billing']
    assert.deepEqual(await checked('introspector', { resources }), { resources })
    for (const wrong of ['nothing', 'gone'])
      await refused('introspector', { resources: ['orders', wrong] }, /there is no resource/)
  })

  test('a surface is of one space, and may be silent for a minute to a day', async () => {
    const silent = async (silentAfter?: number) =>
      (
        await checked('surface', {
          space: 'desk',
          ...(silentAfter === undefined ? {} : { silentAfter }),
        })
      ).silentAfter
    assert.equal(await silent(), 900_000)
    for (const ms of [60_000, 86_400_000]) assert.equal(await silent(ms), ms)
    for (const silentAfter of [59_999, 86_400_001, 60_000.5, Number.NaN])
      await refused('surface', { space: 'desk', silentAfter }, /may be silent for/)
    await refused('surface', {}, /^a surface names its `space`$/)
    await refused('surface', { space: 'nowhere' }, /no space `nowhere`/, 'space.unknown')
  })

  test('an enforcement point has the least, unless it is said', async () => {
    const least = {
      ...{ mode: 'task', policySet: null, issuing: null, resources: null },
      ...{ properties: false, namesTasks: false, takes: false },
    }
    assert.deepEqual(await checked('pep', {}), least)
    const given = { resources: ['orders'], properties: true, namesTasks: true, takes: true }
    assert.deepEqual(await checked('pep', given), { ...least, ...given })
    await refused('pep', { resources: ['gone'] }, /there is no resource `gone`/)
    await refused('pep', { policySet: 'records' }, /in the mode `policy-only` only$/)
  })

  test('an enforcement point with policies alone has a policy set, and neither resources nor tasks', async () => {
    const mode = { mode: 'policy-only', policySet: 'records' } as const
    assert.equal((await checked('pep', { ...mode, properties: true })).policySet, 'records')
    await refused('pep', { ...mode, policySet: null }, /needs a policy set$/)
    await refused('pep', { ...mode, policySet: 'others' }, /no policy set `others`$/)
    for (const over of [{ resources: [] }, { namesTasks: true }, { takes: true }])
      await refused('pep', { ...mode, ...over }, /of the mode `task` only$/)
  })

  test('`issuing` goes with its mode, and with no other', async () => {
    const words = /^`issuing` is of the mode `issuance`, and it needs it$/
    await refused('pep', { issuing: ISSUING }, words)
    await refused('pep', { mode: 'issuance' }, words)
    await refused('pep', { mode: 'policy-only', policySet: 'records', issuing: ISSUING }, words)
  })

  test('an authorization server names itself, its parties and its audiences', async () => {
    const whole = issuing({
      parties: [PARTY, { ...PARTY, type: 'workload' }, { ...PARTY, id: 'other' }],
      audiences: [{ id: 'shop', resources: ['orders', 'billing'] }],
    })
    const settings = await checked('pep', { ...whole, resources: ['orders'] })
    assert.deepEqual(settings.issuing, whole.issuing)
    for (const over of [
      { policySet: 'records' },
      { properties: true },
      { namesTasks: true },
      { takes: true },
    ])
      await refused('pep', { ...whole, ...over }, /mean nothing in the mode `issuance`$/)
    await refused('pep', { ...whole, resources: ['gone'] }, /there is no resource `gone`$/)
  })

  test('the issuer of an authorization server is an address of at most 1024 characters', async () => {
    const long = (length: number) => 'https://as.example/'.padEnd(length, 'x')
    await checked('pep', issuing({ issuer: long(1_024) }))
    for (const issuer of ['', 'as.example', long(1_025)])
      await refused('pep', issuing({ issuer }), /^`issuing\.issuer` is no address$/)
  })

  test('an authorization server has at most 256 parties and 64 audiences', async () => {
    const parties = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ ...PARTY, id: `bot-${i}` }))
    const audiences = (count: number) =>
      Array.from({ length: count }, (_, i) => ({ id: `shop-${i}`, resources: ['orders'] }))
    await checked('pep', issuing({ parties: parties(256), audiences: audiences(64) }))
    const words = /^at most 256 parties and 64 audiences$/
    await refused('pep', issuing({ parties: parties(257) }), words)
    await refused('pep', issuing({ audiences: audiences(65) }), words)
  })

  test('a party and an audience are there once, by an id of 1 to 1024 characters', async () => {
    const shop = { id: 'shop', resources: ['orders'] }
    const twice = /^a party or an audience is there twice$/
    await refused('pep', issuing({ parties: [PARTY, PARTY] }), twice)
    await refused('pep', issuing({ audiences: [shop, shop] }), twice)
    await checked('pep', issuing({ parties: [{ ...PARTY, id: 'x'.repeat(1_024) }] }))
    for (const id of ['', 'x'.repeat(1_025)]) {
      const words = /^an id has 1 to 1024 characters$/
      await refused('pep', issuing({ parties: [PARTY, { ...PARTY, id }] }), words)
      await refused('pep', issuing({ audiences: [shop, { ...shop, id }] }), words)
    }
  })

  test('a party stands for an agent, and an audience for 1 to 64 APIs', async () => {
    const party = { ...PARTY, agent: 'nobody' }
    await refused('pep', issuing({ parties: [party] }), /^there is no agent `nobody`$/)
    const shop = (resources: readonly string[]) =>
      issuing({ audiences: [{ id: 'shop', resources }] })
    await checked('pep', shop(Array<string>(64).fill('orders')))
    for (const resources of [[], Array<string>(65).fill('orders')])
      await refused('pep', shop(resources), /^`shop` stands for 1 to 64 resources$/)
    await refused('pep', shop(['orders', 'gone']), /^there is no resource `gone`$/)
  })

  test('a source of signals has none', async () => {
    assert.deepEqual(await checked('signal-source', {}), {})
  })
})
