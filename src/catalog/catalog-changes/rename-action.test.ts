import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { Catalog, detailsForScope, expandGroups, shownName } from '../catalog/index.ts'
import { catalogParts, operationDocument, planImport, planOrders } from '../catalog/testing.ts'
import { setSentence } from './change-action.ts'
import { applyImport } from './import/apply-import.ts'
import { MAX_GIVEN_NAMES, renameAction } from './rename-action.ts'

const by = 'psn_admin'

function problem(code: string) {
  return (error: unknown) => error instanceof Problem && error.code === code
}

forEachEngine('names that administrators give actions', (open) => {
  const desk = async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), by)
    return { parts, catalog: new Catalog(parts), give: give(parts) }
  }
  const give =
    (parts: Awaited<ReturnType<typeof catalogParts>>) => (action: string, name: string) =>
      renameAction(parts, { action, name, by })

  it('the latest is shown; each leads to the action, whose own name and definition stay', async () => {
    const { catalog, give, parts } = await desk()
    const before = (await catalog.current()).actions.get('orders.refund')
    await give('orders.refund', 'orders.pay-back')
    const after = await give('orders.pay-back', 'orders.return-money')
    const { actions } = await catalog.current()
    assert.equal(shownName(after), 'orders.return-money')
    for (const name of ['orders.refund', 'orders.pay-back', 'orders.return-money'])
      assert.deepEqual(actions.get(name), {
        ...before,
        names: ['orders.return-money', 'orders.pay-back'],
      })
    assert.equal([...actions.keys()].length, 5, 'an action is there once')
    assert.deepEqual(
      parts.events.slice(1).map(({ action, facts, type }) => [type, action, facts]),
      [
        ['action.renamed', 'orders.refund', { name: 'orders.pay-back', before: 'orders.refund' }],
        [
          'action.renamed',
          'orders.refund',
          { name: 'orders.return-money', before: 'orders.pay-back' },
        ],
      ],
    )
    await setSentence(parts, { action: 'orders.pay-back', sentence: 'Pay back {amount}', by })
    assert.equal(
      (await catalog.current()).actions.get('orders.refund')?.sentence,
      'Pay back {amount}',
    )
  })

  it('its own name comes back, and the same name again changes nothing', async () => {
    const { give, parts } = await desk()
    await give('orders.refund', 'orders.pay-back')
    const own = await give('orders.refund', 'orders.refund')
    assert.equal(shownName(own), 'orders.refund')
    const records = parts.events.length
    await give('orders.refund', 'orders.refund')
    await give('orders.read', 'orders.read')
    assert.equal(parts.events.length, records)
  })

  it('what is asked for by it is stored by the own name', async () => {
    const { catalog, give } = await desk()
    await give('orders.refund', 'orders.pay-back')
    const view = await catalog.current()
    const scope = detailsForScope(view, 'orders.pay-back orders.read')
    assert.deepEqual(scope.ok && scope.details.map(({ actions }) => actions), [
      ['orders.refund'],
      ['orders.read'],
    ])
    const detail = {
      type: 'remit_call' as const,
      locations: ['http://127.0.0.1:7481/orders'],
      actions: ['orders.pay-back', 'orders.refund'],
      bounds: [],
    }
    assert.deepEqual(
      expandGroups(view, [detail]).map(({ actions }) => actions),
      [['orders.refund']],
    )
  })

  it('a name that another action has, had or was given, or that waits for review, is refused', async () => {
    const { give, parts } = await desk()
    await give('orders.refund', 'orders.pay-back')
    await give('orders.refund', 'orders.return-money')
    for (const taken of ['orders.refund', 'orders.pay-back', 'orders.return-money'])
      await assert.rejects(give('orders.read', taken), problem('catalog.exists'), taken)
    const more = planOrders((text) => text.replace('x-remit-action: read', 'x-remit-action: view'))
    const { waiting } = await applyImport(parts, more, by)
    assert.deepEqual(waiting, ['orders.view'])
    await assert.rejects(give('orders.refund', 'orders.view'), problem('catalog.exists'))
  })

  it('names of another API, of groups, and too many are refused', async () => {
    const { give } = await desk()
    for (const name of [
      'read',
      'risk:low',
      'shop.refund',
      'orders.',
      'orders.Refund',
      'orders.a b',
    ])
      await assert.rejects(give('orders.refund', name), problem('catalog.bad_name'), name)
    await assert.rejects(give('orders.none', 'orders.x'), problem('catalog.unknown_action'))
    for (let i = 0; i < MAX_GIVEN_NAMES; i++) await give('orders.refund', `orders.name${i}`)
    await assert.rejects(give('orders.refund', 'orders.one-more'), problem('catalog.bad_name'))
  })

  it('G4: an import keeps it, and gives it to no operation that is new', async () => {
    const { catalog, give, parts } = await desk()
    await give('orders.refund', 'orders.refund_order')
    const plan = planOrders((text) => `${text}\n# again\n`)
    assert.deepEqual((await applyImport(parts, plan, by)).changed, [])
    assert.equal(
      (await catalog.current()).actions.get('orders.refund_order')?.name,
      'orders.refund',
    )
    const { actions } = await catalog.current()
    const known = {
      ...{ name: 'orders', identifier: 'http://127.0.0.1:7481/orders' },
      operations: [...actions.values()],
    }
    const operation = { 'x-remit-action': undefined, operationId: 'refund_order' }
    const named = planImport(operationDocument(operation), known).actions.map(({ name }) => name)
    assert.deepEqual(named, ['orders.refund_order-2'])
    // One that was planned before the name was given.
    const stale = planOrders((text) =>
      text.replace('x-remit-action: read', 'x-remit-action: refund_order'),
    )
    await assert.rejects(
      applyImport(parts, stale, by, { accept: true }),
      problem('catalog.changed'),
    )
  })
})
