import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson, printJson } from '../json.ts'
import { prettyJson } from './pretty-json.ts'

test('JSON is spread over lines, and numbers stay as they were written', () => {
  const text = '{"amount":900.00,"big":12345678901234567890,"list":[1,{}],"none":[],"x":null}'
  const pretty = prettyJson(parseJson(text))
  assert.equal(
    pretty,
    `{
  "amount": 900.00,
  "big": 12345678901234567890,
  "list": [
    1,
    {}
  ],
  "none": [],
  "x": null
}`,
  )
  assert.equal(printJson(parseJson(pretty)), text)
})
