import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { foldName, MAX_COMPARED } from '@remit/engine'
import { parseJson } from '../../platform/lib/json.ts'
import { jsonBody, onlyAction, planOperation } from '../catalog/testing.ts'
import { typeArguments } from './type-arguments.ts'

const open = {
  type: 'object',
  additionalProperties: true,
  properties: {
    amount: { type: 'integer' },
    kiss: { type: 'string' },
    order_id: { type: 'integer' },
    free: {},
    to: { type: 'object', additionalProperties: true, properties: { iban: { type: 'string' } } },
    items: {
      type: 'array',
      items: { type: 'object', additionalProperties: true, properties: { n: { type: 'integer' } } },
    },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
  },
}
const FIELDS = {
  type: 'object',
  additionalProperties: true,
  properties: { amount: { type: 'integer' }, order_id: { type: 'integer' } },
}
const action = onlyAction(planOperation(jsonBody(open)))

function result(text: string): string {
  const typed = typeArguments(action, {
    path: new Map([['id', 'x']]),
    query: [],
    body: parseJson(text),
  })
  return typed.ok ? 'taken' : `${typed.reason} ${typed.pointer}`
}

describe('members that look like declared ones', () => {
  it('are refused in open objects, whatever reader would take them for one', () => {
    for (const name of [
      'Amount',
      'AMOUNT',
      'ａｍｏｕｎｔ',
      'a\\u00admount',
      'amount\\u200b',
      'amount\\u0007',
      '\\ufeffamount',
    ])
      for (const text of [
        `{"amount":1,"${name}":900}`,
        `{"${name}":900,"amount":1}`,
        `{"${name}":1}`,
      ])
        assert.match(result(text), /^arguments\.look_alike /, text)
    // The long s and the sign for kelvin fold to plain letters, in Go as in Unicode.
    for (const name of ['\\u212aiss', 'ki\\u017fs', 'KİSS', 'kıss', 'kiß', 'Free'])
      assert.match(result(`{"${name}":"x"}`), /^arguments\.look_alike /, name)
  })

  it('are refused at every depth', () => {
    assert.equal(result('{"to":{"iban":"a","IBAN":"b"}}'), 'arguments.look_alike /to/IBAN')
    assert.equal(result('{"items":[{"n":1},{"n":1,"N":2}]}'), 'arguments.look_alike /items/1/N')
  })

  it('are refused among each other, except in maps, whose names are data', () => {
    assert.equal(result('{"note":"a","Note":"b"}'), 'arguments.look_alike /Note')
    assert.equal(result('{"labels":{"app":"a","App":"b"}}'), 'taken')
    assert.equal(result('{"free":{"x":1,"X":2}}'), 'taken')
  })

  it('leave other members alone', () => {
    assert.equal(result('{"amount":1,"amounts":2,"a mount":3,"mount":4,"größe":5}'), 'taken')
    assert.equal(result('{"amount.x":1,"amount[0]":2,"_amount":3,"сумма":4}'), 'taken')
  })

  it('W11: are refused in the convention of another reader, with space around them, or in letters that look the same', () => {
    for (const name of [
      ' amount',
      'amount ',
      '\\u00a0amount',
      'аmount',
      'αmount',
      'аМоunt',
      'orderId',
      'OrderID',
    ])
      assert.match(result(`{"${name}":"x"}`), /^arguments\.look_alike /, name)
    for (const name of ['order.id', 'order id', 'order[id', 'order-id', 'orderId'])
      assert.match(result(`{"order_id":1,"${name}":"x"}`), /^arguments\.look_alike /, name)
  })

  it('W11: are refused in open forms, where PHP, Rails and qs read another name as a declared one', () => {
    for (const form of ['application/x-www-form-urlencoded', 'multipart/form-data']) {
      const taking = onlyAction(
        planOperation({ requestBody: { content: { [form]: { schema: FIELDS } } } }),
      )
      const typed = (name: string) => {
        const body = [
          ['amount', '1'],
          [name, '900'],
        ]
        const found = typeArguments(taking, { path: new Map([['id', 'x']]), query: [], body })
        return found.ok ? 'taken' : found.reason
      }
      const read = [
        'amount[]',
        'amount[0]',
        'amount.x',
        'amount[',
        ' amount',
        'аmount',
        'Amount[x]',
        'аmount[]',
        ...['[amount]', '[amount', ']amount', 'amount]', '[][amount]', '[amount][]', '.amount'],
        ...['[order_id]', '[orderId][]'],
      ]
      for (const name of [...read, 'order.id', 'order id', 'order[id', 'orderId', 'order-id'])
        assert.equal(typed(name), 'arguments.look_alike', name)
      for (const name of [
        'amounts',
        'other[]',
        'total.x',
        'x[amount]',
        'orders',
        'order[]',
        '[x][amount]',
      ])
        assert.equal(typed(name), 'taken', name)
    }
  })

  it('W7: cost a bounded number of comparisons, and of characters that are folded, in all of a call', () => {
    const names = (count: number, of: (i: number) => string) =>
      Array.from({ length: count }, (_, i) => `"${of(i)}":1`).join(',')
    assert.equal(result(`{${names(MAX_COMPARED.names, (i) => `k${i}`)}}`), 'taken')
    assert.equal(
      result(`{${names(MAX_COMPARED.names + 1, (i) => `k${i}`)}}`),
      'arguments.too_long ',
    )
    const items = Array.from({ length: 11 }, () => `{${names(1_000, (i) => `k${i}`)}}`)
    assert.equal(result(`{"items":[${items}]}`), 'arguments.too_long /items/10')
    assert.equal(result(`{"${'\ufdfa'.repeat(MAX_COMPARED.characters)}":1}`), 'taken')
    assert.equal(
      result(`{"${'\ufdfa'.repeat(MAX_COMPARED.characters + 1)}":1}`),
      'arguments.too_long ',
    )
    assert.equal(
      result(`{"free":{${names(20_000, (i) => `ａ${i}`)}}}`),
      'taken',
      'names that are data',
    )
  })
})

describe('the form of a name', () => {
  it('does not change when it is made again', () => {
    for (const name of ['Straße', 'İI', 'ΣΊΣΥΦΟΣ', 'ǅ', 'ﬁ', 'ΐ', '\u0345', 'Å'])
      assert.equal(foldName(foldName(name)), foldName(name), name)
  })

  it('is the same for every name that differs only in case', () => {
    for (let code = 0x80; code < 0x1_0000; code++) {
      const letter = String.fromCharCode(code)
      if (!letter.isWellFormed()) continue
      for (const other of [letter.toLowerCase(), letter.toUpperCase()])
        assert.equal(foldName(other), foldName(letter), code.toString(16))
    }
  })
})
