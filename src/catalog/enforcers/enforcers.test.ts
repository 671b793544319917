import assert from 'node:assert/strict'
import { test } from 'node:test'
import { applyImport } from '../../catalog-changes/import/apply-import.ts'
import { planImport } from '../../catalog-changes/import/plan-import.ts'
import { systemRandom } from '../../lib/random.ts'
import type { Storage } from '../../storage/index.ts'
import { forEachEngine } from '../../storage/testing.ts'
import { catalogParts, ORDERS_DOCUMENT, planOrders } from '../testing.ts'
import { addEnforcer } from './add-enforcer.ts'
import { selectEnforcers } from './enforcer-store.ts'
import { identifyEnforcer } from './identify-enforcer.ts'
import { revokeEnforcer } from './revoke-enforcer.ts'

const UNAUTHENTICATED = { code: 'enforcer.unauthenticated' }
const by = 'psn_ada'

async function withBilling(storage: Storage) {
  const parts = { ...(await catalogParts(storage)), random: systemRandom }
  const billing = planImport(ORDERS_DOCUMENT, {
    name: 'billing',
    identifier: 'http://127.0.0.1:9000',
    mode: 'direct',
  })
  await applyImport(parts, billing, by)
  await applyImport(parts, planOrders(), by)
  return parts
}

forEachEngine('enforcement points', (open) => {
  test('one is known by its secret until it is revoked, and the store holds no secret', async () => {
    const parts = await withBilling(await open())
    const { enforcer, secret } = await addEnforcer(parts, { resource: 'billing', by })
    const found = await identifyEnforcer(parts, secret.reveal())
    assert.deepEqual([found.id, found.resource], [enforcer.id, 'billing'])
    const [listed] = await selectEnforcers(parts.storage.read, 'billing')
    assert.equal(listed?.lastUsedAt, parts.clock.now())
    const rows = await parts.storage.read.selectFrom('enforcers').selectAll().execute()
    assert.ok(!JSON.stringify([rows, parts.events]).includes(secret.reveal().slice(4)))

    await revokeEnforcer(parts, { id: enforcer.id, resource: 'billing', by })
    await assert.rejects(identifyEnforcer(parts, secret.reveal()), UNAUTHENTICATED)
    const again = { id: enforcer.id, resource: 'billing', by }
    await assert.rejects(revokeEnforcer(parts, again), { code: 'enforcer.unknown' })
    assert.deepEqual(
      parts.events.filter(({ type }) => type.startsWith('enforcer.')).map(({ type }) => type),
      ['enforcer.added', 'enforcer.revoked'],
    )
  })

  test('what is no secret of ours is nobody', async () => {
    const parts = await withBilling(await open())
    const { secret } = await addEnforcer(parts, { resource: 'billing', by })
    const whole = secret.reveal()
    for (const wrong of [
      undefined,
      '',
      'enf_',
      whole.slice(4),
      `${whole}A`,
      `enf_${'A'.repeat(43)}`,
    ])
      await assert.rejects(identifyEnforcer(parts, wrong), UNAUTHENTICATED)
  })

  test('only an API that is called directly has one, and only of its own can it be revoked', async () => {
    const parts = await withBilling(await open())
    await assert.rejects(addEnforcer(parts, { resource: 'orders', by }), {
      code: 'enforcer.not_direct',
    })
    await assert.rejects(addEnforcer(parts, { resource: 'nothing', by }), {
      code: 'catalog.unknown_resource',
    })
    const { enforcer, secret } = await addEnforcer(parts, { resource: 'billing', by })
    const elsewhere = { id: enforcer.id, resource: 'orders', by }
    await assert.rejects(revokeEnforcer(parts, elsewhere), { code: 'enforcer.unknown' })
    assert.equal((await identifyEnforcer(parts, secret.reveal())).id, enforcer.id)
  })
})
