import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertRefused } from '../../../../test/refusals.ts'
import { inEachWorld } from '../../../../test/world.ts'

function document(description: string, more: object = {}): object {
  return {
    openapi: '3.1.0',
    info: { title: 'Billing', version: '1' },
    servers: [{ url: 'https://billing.example/v1' }],
    paths: { '/invoices': { get: { operationId: 'list', description } }, ...more },
  }
}
const NEW = { '/drafts': { post: { operationId: 'draft' } } }

inEachWorld('reviewing what an import changes', (world) => {
  it('shows it before, quarantines it after, and takes the word of administrators alone', async () => {
    const ada = await world().api('ada')
    const sam = await world().api('sam')
    const at = '/resources/billing'
    assert.equal((await ada.send('PUT', at, { document: document('All.') })).status, 200)
    const wanted = { document: document('All, and more.', NEW) }

    const seen = await ada.send('POST', `${at}/preview`, wanted)
    assert.equal(seen.status, 200, seen.text)
    assert.deepEqual(
      [seen.body.quarantined, seen.body.waiting, seen.body.changes],
      [
        ['billing.list'],
        ['billing.draft'],
        [
          {
            action: 'billing.list',
            kind: 'changed',
            differences: [{ field: 'description', before: 'All.', after: 'All, and more.' }],
          },
          { action: 'billing.draft', kind: 'added', differences: [] },
        ],
      ],
    )
    assert.deepEqual((await ada.send('GET', `${at}/changes`)).body.changes, [])

    assert.deepEqual((await ada.send('PUT', at, wanted)).body.quarantined, ['billing.list'])
    const shown = (await ada.send('GET', at)).body.actions as Record<string, unknown>[] // documented
    assert.deepEqual(
      shown.map(({ description, name, quarantined }) => [name, description, quarantined]),
      [['billing.list', 'All.', true]],
    )
    const { changes } = (await ada.send('GET', `${at}/changes`)).body as {
      changes: { action: string; digest: string; kind: string; state: string; source: string }[]
    } // documented
    assert.deepEqual(
      changes.map(({ action, kind, source, state }) => [action, kind, source, state]),
      [
        ['billing.draft', 'added', 'import', 'waiting'],
        ['billing.list', 'changed', 'import', 'waiting'],
      ],
    )
    const [draft, list] = changes.map(({ action, digest }) => ({ action, digest }))
    for (const act of ['accept', 'reject'])
      assertRefused(
        await sam.send('POST', `${at}/changes/${act}`, { changes: [list] }),
        'api.not_permitted',
      )
    const other = { changes: [{ ...list, digest: 'x'.repeat(43) }] }
    assertRefused(await ada.send('POST', `${at}/changes/accept`, other), 'definition.not_offered')
    await ada.send('POST', `${at}/changes/reject`, { changes: [draft] })
    const left = await ada.send('POST', `${at}/changes/accept`, { changes: [list] })
    assert.equal(left.status, 200, left.text)
    const states = left.body.changes as { action: string; state: string }[] // documented
    assert.deepEqual(
      states.map(({ action, state }) => [action, state]),
      [['billing.draft', 'rejected']],
    )
    const accepted = (await ada.send('GET', at)).body.actions as Record<string, unknown>[] // documented
    assert.deepEqual(
      accepted.map(({ description, quarantined }) => [description, quarantined]),
      [['All, and more.', false]],
    )
  })

  it('takes a resource out for good, unless rules speak of it', async () => {
    const ada = await world().api('ada')
    const at = '/resources/gone'
    assert.equal((await ada.send('PUT', at, { document: document('All.') })).status, 200)
    assertRefused(await ada.send('POST', '/resources/orders/remove', {}), 'policy.would_break')
    assert.equal((await ada.send('POST', `${at}/remove`, { reason: 'over' })).status, 200)
    const { resources } = (await ada.send('GET', '/resources')).body as {
      resources: { name: string }[]
    } // documented
    assert.ok(!resources.some(({ name }) => name === 'gone'))
    assertRefused(await ada.send('PUT', at, { document: document('All.') }), 'catalog.exists')
  })
})
