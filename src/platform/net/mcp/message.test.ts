import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExactNumber } from '../../lib/json.ts'
import { Problem } from '../../lib/problem.ts'
import { printMessage, readMessage, sameId } from './message.ts'

function refused(text: string, code = 'mcp.bad_message'): void {
  assert.throws(
    () => readMessage(text),
    (error) => error instanceof Problem && error.code === code,
    text,
  )
}

test('every kind of message is read and printed as it came', () => {
  for (const text of [
    '{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"x","arguments":{"n":1.50}}}',
    '{"jsonrpc":"2.0","id":-7,"method":"ping"}',
    '{"jsonrpc":"2.0","method":"notifications/initialized"}',
    '{"jsonrpc":"2.0","id":0,"result":{}}',
    '{"jsonrpc":"2.0","id":0,"error":{"code":-32601,"message":"no","data":[1]}}',
    '{"jsonrpc":"2.0","error":{"code":-32700,"message":"no"}}',
  ])
    assert.equal(printMessage(readMessage(text)), text)
})

test('a batch is no message', () => {
  refused('[{"jsonrpc":"2.0","id":1,"method":"ping"}]')
  refused('[]')
})

test('an id is a string or an integer, once', () => {
  for (const id of ['null', 'true', '1.5', '1e3', '01', '{}', '[1]', `"${'x'.repeat(129)}"`])
    assert.throws(() => readMessage(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`), Problem)
  refused('{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', 'input.duplicate_key')
  refused('{"jsonrpc":"2.0","result":{}}')
})

test('a message that could be of two kinds is none', () => {
  refused('{"jsonrpc":"2.0","id":1,"method":"ping","result":{}}')
  refused('{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}')
  refused('{"jsonrpc":"2.0","id":1,"method":"ping","Method":"tools/call"}')
  refused('{"id":1,"method":"ping"}')
  refused('{"jsonrpc":2.0,"id":1,"method":"ping"}')
  refused('{"jsonrpc":"2.0","id":1,"method":7}')
  refused('{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}')
  refused('"ping"')
})

test('ids of two kinds are never the same', () => {
  assert.equal(sameId('1', new ExactNumber('1')), false)
  assert.equal(sameId(new ExactNumber('1'), new ExactNumber('1')), true)
  assert.equal(sameId(undefined, undefined), false)
})
