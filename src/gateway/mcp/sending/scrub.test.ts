import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isObject, parseJson, printJson } from '../../../lib/json.ts'
import { scrub, scrubText, spellings } from './scrub.ts'

/** What a connection can hold (`isCredential`), long enough to be looked for in other spellings. */
const secretText = fc
  .string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((c) => String.fromCharCode(c)) })
  .filter((text) => text.length >= 8)
const SECRET = 'kEy/with+"odd" bytes~4711'

test('a secret does not come back, however a program wrote it into a text', () => {
  const around = fc.string({ unit: 'binary', maxLength: 40 })
  const lower = (text: string) => text.replaceAll(/%[0-9A-F]{2}/g, (each) => each.toLowerCase())
  const writings: readonly ((secret: string) => string)[] = [
    (secret) => secret,
    (secret) => encodeURIComponent(secret),
    (secret) => lower(encodeURIComponent(secret)),
    (secret) => Buffer.from(secret).toString('hex'),
    (secret) => Buffer.from(secret).toString('hex').toUpperCase(),
    (secret) => JSON.stringify({ header: secret }),
    (secret) => JSON.stringify(secret).replaceAll('/', '\\/'),
  ]
  fc.assert(
    fc.property(secretText, around, fc.constantFrom(...writings), (secret, text, write) => {
      const written = write(secret)
      const clean = scrubText(`${text}${written}${text}`, spellings([secret]))
      assert.equal(clean.includes(written), text.includes(written))
    }),
    { numRuns: 500 },
  )
})

test('nor in Base64, whatever stands before and behind it', () => {
  const bytes = fc.uint8Array({ maxLength: 12 })
  fc.assert(
    fc.property(
      secretText,
      bytes,
      bytes,
      fc.constantFrom('base64' as const, 'base64url' as const),
      (secret, before, behind, as) => {
        const whole = Buffer.concat([before, Buffer.from(secret), behind])
        const clean = scrubText(whole.toString(as), spellings([secret]))
        assert.ok(clean.includes('*'))
        // At most a character at each end is left, and that is shared with what stands beside it.
        const back = Buffer.from(clean.replaceAll('*', 'A'), as).toString('latin1')
        assert.ok(!back.includes(secret.slice(1, -1)), back)
      },
    ),
    { numRuns: 2_000 },
  )
})

test('it is looked for in values, names and numbers, at any depth, and nothing else changes', () => {
  const read = (text: string) => {
    const value = parseJson(text)
    assert.ok(isObject(value))
    return value
  }
  const told = scrub(
    read(`{"a":[{"b ${'4815162342'} c":[4815162342,1.50,"x 4815162342"]}],"n":48151623420}`),
    spellings(['4815162342']),
  )
  const stars = '*'.repeat(10)
  assert.equal(
    printJson(told),
    `{"a":[{"b ${stars} c":["${stars}",1.50,"x ${stars}"]}],"n":"${stars}0"}`,
  )
  const plain = read('{"a":[1.0,"kEy/with"],"b":{"c":null}}')
  assert.equal(
    printJson(scrub(plain, spellings([SECRET]))),
    '{"a":[1.0,"kEy/with"],"b":{"c":null}}',
  )
})

test('short secrets are blanked as they are only, and none blank nothing', () => {
  assert.equal(scrubText('pw and cHc=', spellings(['pw'])), '** and cHc=')
  assert.equal(scrubText('anything', spellings(['', ''])), 'anything')
})
