import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertRefused } from '../../../test/refusals.ts'
import { inEachWorld } from '../../../test/world.ts'

interface ListedLimit {
  readonly id: string
  readonly subject: { readonly kind: string; readonly id: string; readonly name: string | null }
  readonly each_task: boolean
  readonly limit: Readonly<Record<string, unknown>>
}

inEachWorld('standing limits over the management API', (world) => {
  const listed = async (by: 'ada' | 'sam', query = '') =>
    (
      (await (await world().api(by)).send('GET', `/limits${query}`)).body as {
        limits: ListedLimit[]
      }
    ).limits // as the schema says

  it('none at first; set, listed with what is used, raised, removed; each in the ledger', async () => {
    const w = world()
    const ada = await w.api('ada')
    const { id: sam } = await w.person('sam')
    assert.deepEqual(await listed('ada'), [])
    const set = (subject: object, limit: object, more: object = {}) =>
      ada.send('PUT', '/limits', { subject, limit, ...more })
    const hourly = { limit: 'calls', max: 2, seconds: 3600 }
    const first = await set({ kind: 'person', id: sam }, hourly)
    assert.equal(first.status, 200, first.text)
    const { id } = first.body as unknown as ListedLimit // as the schema says
    const sum = { limit: 'sum', action: 'orders.refund', path: '/amount', max: '50.00' }
    assert.equal((await set({ kind: 'organization' }, sum)).status, 200)
    const each = await set({ kind: 'agent', id: 'refund-bot' }, hourly, { each_task: true })
    assert.equal(each.status, 200, each.text)
    assert.deepEqual(
      (await listed('ada')).map(({ each_task, limit, subject }) => [subject, each_task, limit]),
      [
        [
          { kind: 'agent', id: 'refund-bot', name: null },
          true,
          { name: 'calls in 1 h', kind: 'calls', most: '2', seconds: 3600 },
        ],
        [
          { kind: 'organization', id: 'organization', name: null },
          false,
          {
            ...{ name: 'orders.refund/amount', kind: 'sum', action: 'orders.refund' },
            ...{ path: '/amount', most: '50.00', used: '0.00', left: '50.00' },
          },
        ],
        [
          { kind: 'person', id: sam, name: 'Sam Support' },
          false,
          {
            ...{ name: 'calls in 1 h', kind: 'calls', most: '2', seconds: 3600 },
            ...{ used: '0', left: '2' },
          },
        ],
      ],
    )
    const raised = await set({ kind: 'person', id: sam }, { ...hourly, max: 3 })
    assert.deepEqual(
      [raised.body.id, (raised.body as unknown as ListedLimit).limit.most],
      [id, '3'],
    ) // as the schema says
    assert.deepEqual(
      (await listed('sam')).map((one) => one.id),
      [id],
      'one’s own, and nobody else’s',
    )
    for (const query of ['?kind=agent', '?kind=organization', '?kind=person&subject=psn_x'])
      assert.deepEqual(await listed('sam', query), [])
    assert.equal((await listed('ada', '?kind=agent&subject=refund-bot')).length, 1)
    for (const one of await listed('ada'))
      assert.equal((await ada.send('DELETE', `/limits/${one.id}`)).status, 200)
    assert.deepEqual(await listed('ada'), [])
    assertRefused(await ada.send('DELETE', `/limits/${id}`), 'limit.unknown')
    const types = (await w.ledger()).map(({ type }) => type)
    assert.equal(types.filter((type) => type === 'limit.set').length, 4)
    assert.equal(types.filter((type) => type === 'limit.removed').length, 3)
  })

  it('what says nothing clear is refused, and nothing is set', async () => {
    const w = world()
    const ada = await w.api('ada')
    const everything = { kind: 'organization' }
    const calls = { limit: 'calls', max: 2 }
    for (const [body, code] of [
      [{ subject: everything, limit: { limit: 'calls', max: 0 } }, 'limit.bad_terms'],
      [{ subject: everything, limit: { limit: 'rate', max: 1 } }, 'limit.bad_terms'],
      [{ subject: everything, limit: { ...calls, action: 'orders.nothing' } }, 'limit.bad_terms'],
      [{ subject: everything, limit: { ...calls, seconds: 0 } }, 'limit.bad_terms'],
      [{ subject: everything, limit: [calls] }, 'limit.bad_terms'],
      [{ subject: { kind: 'person' }, limit: calls }, 'limit.unknown_subject'],
      [{ subject: { kind: 'person', id: 'psn_nobody' }, limit: calls }, 'limit.unknown_subject'],
      [{ subject: { kind: 'agent', id: 'no-bot' }, limit: calls }, 'limit.unknown_subject'],
      [{ subject: { kind: 'organization', id: 'other' }, limit: calls }, 'limit.unknown_subject'],
      [{ subject: { kind: 'team', id: 'x' }, limit: calls }, 'request.malformed'],
      [{ subject: everything, limit: calls, per: 'day' }, 'request.malformed'],
    ] as const)
      assertRefused(await ada.send('PUT', '/limits', body), code)
    assert.deepEqual(await listed('ada'), [])
    const sam = await w.api('sam')
    assertRefused(
      await sam.send('PUT', '/limits', { subject: everything, limit: calls }),
      'api.not_permitted',
    )
  })

  it('there are 16 of one at most', async () => {
    const w = world()
    const ada = await w.api('ada')
    const set = (max: number, seconds: number) =>
      ada.send('PUT', '/limits', {
        subject: { kind: 'agent', id: 'refund-bot' },
        limit: { limit: 'calls', max, seconds },
      })
    for (let i = 1; i <= 16; i++) assert.equal((await set(1000, i)).status, 200)
    assertRefused(await set(1000, 17), 'limit.too_many')
    assert.equal((await set(2000, 16)).status, 200, 'one that is there can be changed')
    for (const one of await listed('ada')) await ada.send('DELETE', `/limits/${one.id}`)
  })
})
