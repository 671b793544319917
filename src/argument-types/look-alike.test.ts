import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { foldName } from '@remit/engine'
import { jsonBody, onlyAction, planOperation } from '../catalog/testing.ts'
import { parseJson } from '../lib/json.ts'
import { typeArguments } from './type-arguments.ts'

const open = {
  type: 'object',
  additionalProperties: true,
  properties: {
    amount: { type: 'integer' },
    kiss: { type: 'string' },
    free: {},
    to: { type: 'object', additionalProperties: true, properties: { iban: { type: 'string' } } },
    items: {
      type: 'array',
      items: { type: 'object', additionalProperties: true, properties: { n: { type: 'integer' } } },
    },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
  },
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
