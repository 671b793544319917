import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { planImport } from '../../catalog/testing.ts'
import type { KnownOperation } from '../plan-resource.ts'

const OPTIONS = { name: 'shop', identifier: 'http://127.0.0.1:7481/shop' }

type Operations = Readonly<Record<string, object>>

/** The names that the operations of a document get, in its order. `GET /items`: method and path. */
function namesOf(operations: Operations, known: readonly KnownOperation[] = []): readonly string[] {
  const paths: Record<string, Record<string, object>> = {}
  for (const [place, operation] of Object.entries(operations)) {
    const [method = '', path = ''] = place.split(' ')
    paths[path] = { ...paths[path], [method.toLowerCase()]: { responses: {}, ...operation } }
  }
  const document = {
    openapi: '3.1.0',
    info: { title: 'Shop', version: '1' },
    servers: [{ url: 'http://127.0.0.1:1' }],
    paths,
  }
  return planImport(document, { ...OPTIONS, operations: known }).actions.map(({ name }) => name)
}

/** Ids as FastAPI makes them. */
const FASTAPI: Operations = {
  'GET /': { operationId: 'root__get' },
  'GET /items': { operationId: 'read_items_items_get' },
  'POST /items': { operationId: 'create_item_items_post' },
  'GET /items/{item_id}': { operationId: 'read_item_items__item_id__get' },
  'POST /v1/purchase-orders': { operationId: 'create_order_v1_purchase_orders_post' },
  'GET /files/{file_path}': { operationId: 'readFile_files__file_path__get' },
}

const LONG: readonly KnownOperation[] = [
  { name: 'shop.read_item_items_item_id_get', method: 'GET', path: '/items/{item_id}' },
]

describe('names of the operations of a document', () => {
  it('G4: ids that FastAPI makes are the names of their functions', () => {
    assert.deepEqual(namesOf(FASTAPI), [
      'shop.root',
      'shop.read_items',
      'shop.create_item',
      'shop.read_item',
      'shop.create_order',
      'shop.read-file',
    ])
  })

  it('other ids, and names that the document gives, are as they are written', () => {
    const names = namesOf({
      'GET /items': { operationId: 'CatsController_findAll' },
      'GET /items/{id}': { operationId: 'getItemById_get' },
      'POST /items': { operationId: 'create_items_post', 'x-remit-action': 'create_items_post' },
      'DELETE /items/{id}': { operationId: '_items__id__delete' },
      'PUT /items/{id}': {},
    })
    assert.deepEqual(names, [
      'shop.cats-controller_find-all',
      'shop.create_items_post',
      'shop.get-item-by-id_get',
      'shop.put-items-id',
      'shop.items_id_delete',
    ])
  })

  it('a short name that two could have, none has', () => {
    const twice = {
      'GET /a/{id}': { operationId: 'read_a__id__get' },
      'GET /b/{id}': { operationId: 'read_b__id__get' },
    }
    assert.deepEqual(namesOf(twice), ['shop.read_a_id_get', 'shop.read_b_id_get'])
    const beside = { ...twice, 'GET /b/{id}': { operationId: 'read' } }
    assert.deepEqual(namesOf(beside), ['shop.read_a_id_get', 'shop.read'])
  })

  it('what was imported keeps its long name', () => {
    assert.deepEqual(namesOf(FASTAPI, LONG).slice(3, 5), [
      'shop.read_item_items_item_id_get',
      'shop.create_order',
    ])
  })

  it('what was imported keeps its short name, also beside a new one that would have it', () => {
    const known = [{ name: 'shop.read', method: 'GET', path: '/a/{id}' }]
    const names = namesOf(
      {
        'GET /b/{id}': { operationId: 'read_b__id__get' },
        'GET /a/{id}': { operationId: 'read_a__id__get' },
      },
      known,
    )
    assert.deepEqual(names, ['shop.read_b_id_get', 'shop.read'])
    const moved = namesOf({ 'GET /c/{id}': { operationId: 'read_c__id__get' } }, known)
    assert.deepEqual(moved, ['shop.read'], 'an operation that moved is the same, as by its id')
  })

  it('no operation gets a name that another one was given', () => {
    const [long] = LONG
    assert.ok(long)
    const given = [{ ...long, names: ['shop.create_order', 'shop.root'] }]
    assert.deepEqual(namesOf(FASTAPI, given), [
      'shop.root_get',
      'shop.read_items',
      'shop.create_item',
      'shop.read_item_items_item_id_get',
      'shop.create_order_v1_purchase_orders_post',
      'shop.read-file',
    ])
  })
})
