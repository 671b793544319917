import assert from 'node:assert/strict'
import { it } from 'node:test'
import { actionInWords, operationInWords } from './action-words.ts'

it('an action is named as people say it, alone and beside the name of its resource', () => {
  for (const [action, alone, beside] of [
    ['orders.refund', 'refund orders', 'refund orders'],
    ['orders.get-order', 'get order', 'get order'],
    ['orders.list-refunds', 'list refunds at orders', 'list refunds'],
    ['watch.list-watches', 'list watches', 'list watches'],
    ['watch.getSystemInfo', 'get system info at watch', 'get system info'],
    ['desk.send_message', 'send message at desk', 'send message'],
    ['inventory.stock', 'stock at inventory', 'stock'],
    ['companies.get-company', 'get company', 'get company'],
    ['case.list-cases', 'list cases', 'list cases'],
    ['price-list.read', 'read price list', 'read price list'],
  ] as const)
    assert.deepEqual([actionInWords(action), operationInWords(action)], [alone, beside], action)
})
