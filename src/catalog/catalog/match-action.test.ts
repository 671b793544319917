import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matchAction } from '@remit/engine'
import { planImport } from '../catalog-changes/import/plan-import.ts'
import { ORDERS_OPTIONS, operationDocument, planOrders } from './testing.ts'

function routes(...paths: string[]) {
  return planImport(
    {
      ...operationDocument({}),
      paths: Object.fromEntries(paths.map((path) => [path, { get: {} }])),
    },
    ORDERS_OPTIONS,
  ).actions
}

function found(actions: ReturnType<typeof routes>, method: string, path: string) {
  const segments = path === '/' ? [] : path.slice(1).split('/').map(decodeURIComponent)
  const match = matchAction(actions, method, segments)
  return match && [match.action.path, Object.fromEntries(match.path)]
}

describe('matching a request to an action', () => {
  it('needs method and every segment', () => {
    const { actions } = planOrders()
    assert.deepEqual(found(actions, 'POST', '/orders/1042/refunds'), [
      '/orders/{order_id}/refunds',
      { order_id: '1042' },
    ])
    assert.deepEqual(found(actions, 'GET', '/orders/10%2042'), [
      '/orders/{order_id}',
      { order_id: '10 42' },
    ])
    for (const [method, path] of [
      ['DELETE', '/orders/1042'],
      ['get', '/orders/1042'],
      ['HEAD', '/orders/1042'],
      ['GET', '/Orders/1042'],
      ['GET', '/orders/1042/'],
      ['GET', '/orders/'],
      ['GET', '/'],
      ['GET', '/orders/1/refunds/2'],
    ] as const) {
      assert.equal(found(actions, method, path), undefined, `${method} ${path}`)
    }
  })

  it('prefers a literal to a parameter, from the left, whatever the order of the document', () => {
    const paths = ['/a/{x}/c', '/a/b/{y}', '/a/{x}/{y}', '/{x}/b/c', '/a/b/d']
    for (const order of [paths, paths.toReversed()]) {
      const actions = routes(...order)
      assert.deepEqual(found(actions, 'GET', '/a/b/d'), ['/a/b/d', {}])
      assert.deepEqual(found(actions, 'GET', '/a/b/c'), ['/a/b/{y}', { y: 'c' }])
      assert.deepEqual(found(actions, 'GET', '/a/z/c'), ['/a/{x}/c', { x: 'z' }])
      assert.deepEqual(found(actions, 'GET', '/a/z/z'), ['/a/{x}/{y}', { x: 'z', y: 'z' }])
      assert.deepEqual(found(actions, 'GET', '/q/b/c'), ['/{x}/b/c', { x: 'q' }])
    }
  })

  it('goes back to a parameter when the literal leads nowhere', () => {
    const actions = routes('/a/{x}/c', '/a/b/d')
    assert.deepEqual(found(actions, 'GET', '/a/b/c'), ['/a/{x}/c', { x: 'b' }])
  })

  it('compares decoded literals', () => {
    assert.deepEqual(found(routes('/a%20b'), 'GET', '/a b'), ['/a%20b', {}])
    assert.deepEqual(found(routes('/'), 'GET', '/'), ['/', {}])
  })
})
