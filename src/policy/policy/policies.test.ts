import assert from 'node:assert/strict'
import { it } from 'node:test'
import { EXPRESSION_LIMITS } from '@remit/engine'
import { Catalog, type CatalogParts, RULES } from '../../catalog/catalog/index.ts'
import { catalogParts } from '../../catalog/catalog/testing.ts'
import { applyImport, removeResource, setRisk } from '../../catalog/catalog-changes/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { POLICY_ENGINES } from './load.ts'
import { Policies } from './policies.ts'
import { listSets } from './policy-store.ts'
import { publishPolicies } from './publish.ts'
import { DEFAULT_POLICIES, ORDERS_PLAN, REFUND_DESK, refundOf } from './testing.ts'

const BY = 'psn_admin'
const PERMIT_ALL = '@id("all") permit (principal, action, resource);'

function problem(code: string) {
  return (error: unknown) => error instanceof Problem && error.code === code
}

async function rooms(storage: Storage) {
  const parts = await catalogParts(storage)
  const catalog = new Catalog(parts)
  const policies = new Policies({ storage, live: parts.live, catalog })
  const policyParts = { ...parts, catalog }
  const catalogOf: CatalogParts = {
    ...parts,
    revalidate: (actions) => policies.revalidate(actions),
  }
  const publish = (text: string) => publishPolicies(policyParts, { text, by: BY, note: 'a test' })
  return { parts, policyParts, catalogOf, policies, publish, events: parts.events }
}

/** Policies that Cedar accepts, and that are deeper than what is compiled. */
const TOO_DEEP = `${PERMIT_ALL}
@id("deep") forbid (principal, action, resource) when { ${'1 + '.repeat(EXPRESSION_LIMITS.depth)}1 < 0 };`

forEachEngine('published policies', (open) => {
  it('permit nothing before there are any', async () => {
    const { policies } = await rooms(await open())
    const set = await policies.active()
    assert.equal(set.version, 0)
    assert.equal(set.evaluate(refundOf('1.0'), 'requestable').permitted, false)
  })

  it('are refused with their place when they cannot be compiled, and the running ones stay', async () => {
    const { policies, publish } = await rooms(await open())
    await publish(PERMIT_ALL)
    const running = await policies.active()
    await assert.rejects(publish(TOO_DEEP), (error) => {
      assert.ok(error instanceof Problem)
      const { mistakes } = error.members
      assert.partialDeepStrictEqual(mistakes, [{ policy: 'deep', line: 2, column: 1 }])
      return /cannot be compiled/.test(error.detail)
    })
    assert.equal(await policies.active(), running)
  })

  it('are decided by the engine that is set', async () => {
    const storage = await open()
    const { catalogOf, parts, publish } = await rooms(storage)
    await applyImport(catalogOf, ORDERS_PLAN, BY)
    await publish(REFUND_DESK)
    for (const engine of POLICY_ENGINES) {
      const { catalog, live } = { ...parts, catalog: new Catalog(parts) }
      const set = await new Policies({ storage, live, catalog, engine }).active()
      assert.equal(set.evaluate(refundOf('1.0'), 'nothing').permitted, true, engine)
      assert.deepEqual(set.evaluate(refundOf('100.01'), 'nothing').determining, [
        'large-refunds-ask',
      ])
    }
  })

  it('are in force everywhere when publishing has returned, and versions stay as they were', async () => {
    const { parts, catalogOf, policies, publish, events } = await rooms(await open())
    await publish(DEFAULT_POLICIES)
    assert.equal((await policies.active()).version, 1)
    await applyImport(catalogOf, ORDERS_PLAN, BY)
    const before = await parts.live.view([RULES])
    assert.deepEqual(before.dead, [])
    const { version, digest } = await publish(REFUND_DESK)
    assert.equal(version, 2)
    assert.ok(!parts.live.holds(before))
    const set = await policies.active()
    assert.equal(set.version, 2)
    assert.equal(set.evaluate(refundOf('1.0'), 'nothing').permitted, true)
    assert.equal(await policies.active(), set, 'loaded once')
    assert.equal((await policies.version(1)).text, DEFAULT_POLICIES)
    assert.deepEqual(
      (await listSets(parts.storage.read)).map(({ version, by, digest }) => [
        version,
        by,
        digest.length,
      ]),
      [
        [2, BY, digest.length],
        [1, BY, digest.length],
      ],
    )
    const published = events.filter(({ type }) => type === 'policy.published')
    assert.deepEqual(
      published.map(({ policyVersion, by }) => [policyVersion, by]),
      [
        [1, BY],
        [2, BY],
      ],
    )
  })

  it('stay when others are refused', async () => {
    const { parts, policies, publish } = await rooms(await open())
    await publish(DEFAULT_POLICIES)
    const before = await parts.live.view([RULES])
    await assert.rejects(publish('@id("x") permit (principal'), (error) => {
      assert.ok(error instanceof Problem)
      assert.equal(error.code, 'policy.invalid')
      assert.ok(Array.isArray(error.members.mistakes))
      return true
    })
    assert.ok(parts.live.holds(before))
    assert.equal((await policies.active()).version, 1)
  })

  it('are typed by the catalog as it is now', async () => {
    const { catalogOf, policies, publish } = await rooms(await open())
    await publish(PERMIT_ALL)
    assert.equal((await policies.active()).evaluate(refundOf('1.0'), 'nothing').permitted, false)
    await applyImport(catalogOf, ORDERS_PLAN, BY)
    assert.equal((await policies.active()).evaluate(refundOf('1.0'), 'nothing').permitted, true)
    await publish('@id("x") permit (principal, action in Action::"risk:critical", resource);')
    assert.equal((await policies.active()).evaluate(refundOf('1.0'), 'nothing').permitted, false)
    await setRisk(catalogOf, { action: 'orders.refund', risk: 'critical', by: BY })
    assert.equal((await policies.active()).evaluate(refundOf('1.0'), 'nothing').permitted, true)
  })

  it('keep the catalog from changing under them', async () => {
    const { catalogOf, policies, publish } = await rooms(await open())
    await applyImport(catalogOf, ORDERS_PLAN, BY)
    await publish(REFUND_DESK)
    const change = { name: 'orders', by: BY, reason: 'x' }
    await assert.rejects(removeResource(catalogOf, change), problem('policy.would_break'))
    const actions = ORDERS_PLAN.actions.filter(({ name }) => name !== 'orders.watch')
    await assert.rejects(
      applyImport(catalogOf, { ...ORDERS_PLAN, actions }, BY),
      problem('policy.would_break'),
    )
    assert.equal((await policies.active()).evaluate(refundOf('1.0'), 'nothing').permitted, true)
    await publish(DEFAULT_POLICIES)
    await removeResource(catalogOf, change)
  })

  it('are not published into a catalog other than the one they were checked against', async () => {
    const { policyParts, catalogOf, policies, publish } = await rooms(await open())
    await applyImport(catalogOf, ORDERS_PLAN, BY)
    await publish(DEFAULT_POLICIES)
    let raced = false
    const live = {
      view: policyParts.live.view.bind(policyParts.live),
      settle: policyParts.live.settle.bind(policyParts.live),
      raise: policyParts.live.raise.bind(policyParts.live),
    }
    const { lanes, read } = policyParts.storage
    const transaction: Storage['transaction'] = async (work) => {
      if (!raced) {
        raced = true
        await setRisk(catalogOf, { action: 'orders.read', risk: 'high', by: BY })
      }
      return lanes.revocation.transaction(work)
    }
    const storage: Storage = Object.create(policyParts.storage, {
      lanes: { value: { ...lanes, revocation: { ...lanes.revocation, transaction } } },
      read: { value: read },
    })
    await assert.rejects(
      publishPolicies({ ...policyParts, live, storage }, { text: REFUND_DESK, by: BY, note: '' }),
      problem('catalog.changed'),
    )
    assert.equal((await policies.active()).version, 1)
  })

  it('are not published without a record', async () => {
    const { parts, policyParts, policies } = await rooms(await open())
    const ledger = {
      append: async () => {
        throw new Error('the ledger cannot be written')
      },
    }
    const set = { text: PERMIT_ALL, by: BY, note: '' }
    await assert.rejects(publishPolicies({ ...policyParts, ledger }, set), /ledger/)
    assert.equal((await policies.active()).version, 0)
    assert.deepEqual(await listSets(parts.storage.read), [])
  })

  it('can be read, one by one, in every version', async () => {
    const { catalogOf, policies, publish } = await rooms(await open())
    await applyImport(catalogOf, ORDERS_PLAN, BY)
    await publish(REFUND_DESK)
    const found = await policies.text(1, 'large-refunds-ask')
    assert.ok(found)
    assert.match(found.text, /^@id\("large-refunds-ask"\)/)
    assert.equal(REFUND_DESK.split('\n')[found.line - 1], '@id("large-refunds-ask")')
    assert.equal(
      found.digest,
      (await policies.active()).requestable.get('large-refunds-ask')?.digest,
    )
    assert.equal(await policies.text(1, 'nothing'), undefined)
    await assert.rejects(policies.text(7, 'x'), problem('policy.unknown_version'))
  })
})
