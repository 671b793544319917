import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ApiRefusal } from './answer.ts'
import { readExactJson } from './exact-json.ts'
import { handlerBody } from './handler-body.ts'

it('W12: a handler gets the numbers that were decided on', () => {
  for (const text of [
    '{"a":9007199254740991,"b":[0.1,12.50,-0,1e3,1E+2,1.50e-7],"c":{"d":null,"e":"9007199254740993"}}',
    '{"a":922337203685477.5,"b":2251799813685249.5,"toString":1}',
    '1e21',
    '100000000000000000000',
  ])
    assert.deepEqual(handlerBody(readExactJson(text)), JSON.parse(text), text)
})

it('W12: a number that JavaScript would change is refused', () => {
  for (const text of [
    '{"account":9007199254740993}',
    '[922337203685477.5807]',
    '9223372036854775807',
    '0.1000000000000000055511151231257827',
    '1e400',
    '1e-400',
    '9007199254740992.5',
    '4503599627370497.5',
  ])
    assert.throws(
      () => handlerBody(readExactJson(text)),
      (error) => error instanceof ApiRefusal && error.code === 'input.inexact_number',
      text,
    )
})
