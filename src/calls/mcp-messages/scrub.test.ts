import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isObject, parseJson, printJson } from '../../platform/lib/json.ts'
import { Redactor } from '../../platform/lib/redaction/redactor.ts'
import { scrub } from './scrub.ts'

const SECRET = 'kEy/with+"odd" bytes~4711'

function read(text: string) {
  const value = parseJson(text)
  assert.ok(isObject(value))
  return value
}

test('a secret is looked for in values, names and numbers, at any depth, and nothing else changes', () => {
  const told = scrub(
    read(`{"a":[{"b ${'4815162342'} c":[4815162342,1.50,"x 4815162342"]}],"n":48151623420}`),
    new Redactor(['4815162342']),
  )
  const stars = '*'.repeat(10)
  assert.equal(
    printJson(told),
    `{"a":[{"b ${stars} c":["${stars}",1.50,"x ${stars}"]}],"n":"${stars}0"}`,
  )
  const plain = read('{"a":[1.0,"kEy/with"],"b":{"c":null}}')
  assert.equal(printJson(scrub(plain, new Redactor([SECRET]))), printJson(plain))
})

test('a tool that tells its credential in any spelling tells nothing', () => {
  for (const written of [
    SECRET,
    encodeURIComponent(SECRET),
    JSON.stringify({ header: SECRET }),
    Buffer.from(`Authorization: ${SECRET}`).toString('base64'),
    Buffer.from(SECRET).toString('hex'),
  ]) {
    const told = printJson(scrub(read(JSON.stringify({ text: written })), new Redactor([SECRET])))
    assert.match(told, /\*{24}/)
    assert.doesNotMatch(told, /odd|a0V5|6b4579/)
  }
})
