import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { selectActions } from '../catalog/catalog-store.ts'
import { catalogParts, planImport, planOrders } from '../catalog/testing.ts'
import { applyImport } from './import/apply-import.ts'
import { proposedMarks, setMark } from './marks.ts'

function planWith(properties: Record<string, unknown>, method = 'post') {
  const schema = { type: 'object', properties }
  return planImport(
    {
      openapi: '3.1.0',
      info: { title: 'Bank', version: '1' },
      servers: [{ url: 'http://127.0.0.1:1' }],
      paths: {
        '/pay': {
          [method]: {
            'x-remit-action': 'pay',
            requestBody: { content: { 'application/json': { schema } } },
          },
        },
      },
    },
    { name: 'bank', identifier: 'http://127.0.0.1:7481/bank' },
  )
}

function proposed(properties: Record<string, unknown>) {
  const [action] = planWith(properties).actions
  assert.ok(action)
  const { counterparty, size } = proposedMarks(action)
  return [counterparty, size]
}

const text = { type: 'string' }
const number = { type: 'number' }

describe('whom a call is about and how large it is', () => {
  test('is proposed from the names of arguments', () => {
    assert.deepEqual(proposed({ to: text, amount: number, note: text }), ['/to', '/amount'])
    assert.deepEqual(proposed({ Recipient_Id: text, total: { type: 'integer' } }), [
      undefined,
      '/total',
    ])
    assert.deepEqual(proposed({ account_id: text, email: text }), ['/account_id', undefined])
    assert.deepEqual(proposed({ to: { type: 'array', items: text } }), ['/to', undefined])
    assert.deepEqual(proposed({ note: text, 'a/b': text }), [undefined, undefined])
  })

  test('is proposed in objects, too, what is nearer to the top first', () => {
    const payee = { type: 'object', properties: { iban: text, amount: number } }
    assert.deepEqual(proposed({ payment: payee }), ['/payment/iban', '/payment/amount'])
    assert.deepEqual(proposed({ payment: payee, amount: number }), ['/payment/iban', '/amount'])
  })

  test('is proposed of no argument that says which part of a list is shown', () => {
    const integer = { type: 'integer' }
    for (const name of ['page_size', 'per_page', 'perPage', 'offset', 'page', 'skip', 'maxResults'])
      assert.deepEqual(proposed({ [name]: integer }), [undefined, undefined], name)
    assert.deepEqual(proposed({ limit: integer, query: text }), [undefined, undefined])
    assert.deepEqual(proposed({ limit: integer, offset: integer }), [undefined, undefined])
    assert.deepEqual(proposed({ limit: integer, page: integer, total: number }), [
      undefined,
      '/total',
    ])
    // Of a card, say: an action that changes something, and no list.
    assert.deepEqual(proposed({ limit: integer }), [undefined, '/limit'])
  })

  test('is proposed only where the argument can say it', () => {
    assert.deepEqual(proposed({ to: { type: 'boolean' }, amount: text }), [undefined, undefined])
    assert.deepEqual(proposed({ to: { type: 'object', properties: {} } }), [undefined, undefined])
  })
})

forEachEngine('marks of actions', (open) => {
  const by = 'operator'
  const code = (expected: string) => (error: unknown) =>
    error instanceof Problem && error.code === expected

  test('are what an administrator says, also after the API was imported again', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), by)
    const marks = async () => {
      const actions = await selectActions(parts.storage.read, 'orders')
      const refund = actions.find(({ name }) => name === 'orders.refund')
      return [refund?.counterparty, refund?.size]
    }
    assert.deepEqual(await marks(), [undefined, '/amount'])
    const change = { action: 'orders.refund', by }
    await setMark(parts, { ...change, mark: 'size', path: undefined })
    await setMark(parts, { ...change, mark: 'counterparty', path: '/order_id' })
    await applyImport(parts, planOrders(), by)
    assert.deepEqual(await marks(), ['/order_id', undefined])
  })

  test('do not outlive the argument', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planWith({ to: text, amount: number }), by)
    await applyImport(parts, planWith({ whom: text, amount: text }), by, { accept: true })
    const [pay] = await selectActions(parts.storage.read, 'bank')
    assert.deepEqual([pay?.counterparty, pay?.size], [undefined, undefined])
  })

  test('are refused for what is not there, or cannot be it', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planOrders(), by)
    const set = (mark: 'size' | 'counterparty', path: string, action = 'orders.refund') =>
      setMark(parts, { action, mark, path, by })
    for (const path of ['/order_id', '/note', '/gone', 'amount', ''])
      await assert.rejects(set('size', path), code('catalog.bad_mark'), path)
    for (const path of ['/amount', '/gone', '/'])
      await assert.rejects(set('counterparty', path), code('catalog.bad_mark'), path)
    await assert.rejects(set('size', '/amount', 'orders.gone'), code('catalog.unknown_action'))
  })
})
