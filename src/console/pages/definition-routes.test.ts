import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listActions } from '../../catalog/catalog/index.ts'
import { planOrders } from '../../catalog/catalog/testing.ts'
import { applyImport, listOffers } from '../../catalog/catalog-changes/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { textContent } from './frame/testing.ts'
import { testPages } from './testing.ts'
import { hiddenFields } from './visiting/testing.ts'

async function begin(storage: Storage) {
  const pages = await testPages(storage)
  const { decisions } = pages.parts
  const { policies } = decisions
  const catalog = { ...decisions, revalidate: policies.revalidate.bind(policies) }
  const changed = planOrders((text) =>
    text.replace('summary: Refund an order', 'summary: Refund <b>an order</b>, or two'),
  )
  assert.deepEqual((await applyImport(catalog, changed, 'operator')).quarantined, ['orders.refund'])
  const ada = await pages.person('ada', 'administrators')
  const sam = await pages.person('sam')
  const refund = async () =>
    (await listActions(storage.read, 'orders')).find(({ name }) => name === 'orders.refund')
  return { storage, ada: await pages.browserOf(ada), sam: await pages.browserOf(sam), refund }
}

forEachEngine('changed definitions', (open) => {
  test('are shown to administrators, field by field, in nothing but plain text', async () => {
    const { ada, sam } = await begin(await open())
    assert.match((await ada.get('/')).body, /<a href="\/definitions">/)
    assert.doesNotMatch((await sam.get('/')).body, /\/definitions/)
    const { body } = await ada.get('/definitions')
    const text = textContent(body).replaceAll(/\s+/g, ' ')
    assert.match(text, /orders\.refund.*Quarantined.*by an import/)
    assert.match(text, /description.*Refund an order.*Refund <b>an order<\/b>, or two/)
    assert.doesNotMatch(body, /<b>an order/)
    assert.ok(!body.includes('u{a}'), 'its lines are lines')
    assert.equal((await sam.get('/definitions')).statusCode, 403)
  })

  test('are accepted exactly as they were shown, by administrators alone', async () => {
    const { ada, refund, sam, storage } = await begin(await open())
    const { body } = await ada.get('/definitions')
    const shown = hiddenFields(body, '/definitions/answer')
    assert.ok((await refund())?.quarantined)
    const other = { ...shown, digest: 'x'.repeat(43), answer: 'accept' }
    assert.equal((await ada.post('/definitions/answer', other)).statusCode, 409)
    const own = { ...shown, csrf: hiddenFields((await sam.get('/')).body, '/sign-out').csrf ?? '' }
    const refused = await sam.post('/definitions/answer', { ...own, answer: 'accept' })
    assert.ok(refused.statusCode >= 400)
    assert.ok((await refund())?.quarantined)
    const done = await ada.post('/definitions/answer', { ...shown, answer: 'accept' })
    assert.equal(done.statusCode, 303)
    assert.equal((await refund())?.quarantined, undefined)
    assert.match((await refund())?.description ?? '', /or two/)
    assert.deepEqual(await listOffers(storage.read), [])
  })
})
