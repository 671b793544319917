import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_TOKEN_BYTES, readCompact, readObject } from './compact.ts'

const encode = (text: string) => Buffer.from(text).toString('base64url')
const token = (header: string, payload = '{}', signature = 's') =>
  `${encode(header)}.${encode(payload)}.${encode(signature)}`

test('a compact token is taken apart into what was put together', () => {
  const text = token('{"alg":"ES256","typ":"at+jwt","kid":"k1"}', '{"a":1}', 'signature')
  const { header, payload, signature, signingInput } = readCompact(text)
  assert.deepEqual(header, { alg: 'ES256', typ: 'at+jwt', kid: 'k1', jwk: undefined })
  assert.equal(String(Buffer.from(payload)), '{"a":1}')
  assert.equal(String(Buffer.from(signature)), 'signature')
  assert.equal(String(Buffer.from(signingInput)), text.slice(0, text.lastIndexOf('.')))
})

const good = token('{"alg":"ES256"}')
const [h = '', p = '', s = ''] = good.split('.')
const REFUSED: Record<string, string> = {
  'no parts': 'abc',
  'two parts': `${h}.${p}`,
  'four parts': `${good}.${s}`,
  'five parts, as a JWE has': `${good}.${s}.${s}`,
  'an empty signature (alg none)': `${h}.${p}.`,
  'an empty payload': `${h}..${s}`,
  'an empty header': `.${p}.${s}`,
  'a leading space': ` ${good}`,
  'a trailing newline': `${good}\n`,
  'a trailing dot': `${good}.`,
  'base64 padding': `${h}.${p}=.${s}`,
  'the other base64 alphabet': `${h}.${p}+/.${s}`,
  'trailing bits in the last character': `${h}.${p}.${s.slice(0, -1)}x`,
  'a comma, as two joined headers have': `${good}, ${good}`,
  'the JSON serialisation': '{"payload":"e30","protected":"e30","signature":"AA"}',
  'a header that is a list': token('["alg"]'),
  'a header that is not JSON': token('alg=ES256'),
  'a header that repeats a member': token('{"alg":"none","alg":"ES256"}'),
  'a header with a byte order mark': token('\ufeff{"alg":"ES256"}'),
  'no alg': token('{"typ":"at+jwt"}'),
  'an alg that is a list': token('{"alg":["ES256"]}'),
  'a typ that is a number': token('{"alg":"ES256","typ":1}'),
  'a kid that is an object': token('{"alg":"ES256","kid":{}}'),
  'a kid that is null': token('{"alg":"ES256","kid":null}'),
  'a kid of a megabyte': token(`{"alg":"ES256","kid":"${'k'.repeat(257)}"}`),
  'crit with an unknown extension': token('{"alg":"ES256","crit":["exp"],"exp":1}'),
  'an empty crit': token('{"alg":"ES256","crit":[]}'),
  'an unencoded payload': token('{"alg":"ES256","b64":false}'),
  'an encrypted token': token('{"alg":"dir","enc":"A256GCM"}'),
  'a compressed token': token('{"alg":"ES256","zip":"DEF"}'),
  'a header with __proto__': token('{"alg":"ES256","__proto__":{"kid":"k"}}'),
  'a token that is too large': token('{"alg":"ES256"}', 'x'.repeat(MAX_TOKEN_BYTES)),
}
for (const [name, text] of Object.entries(REFUSED)) {
  test(`${name}: refused`, () => {
    assert.throws(() => readCompact(text), { code: 'token.malformed' })
  })
}

test('keys and key addresses in the header are not read, whatever they are', () => {
  const { header } = readCompact(
    token('{"alg":"ES256","jku":1,"x5u":[],"x5c":{},"x5t":"a","cty":null}'),
  )
  assert.deepEqual(Object.keys(header), ['alg', 'typ', 'kid', 'jwk'])
})

test('whatever is read back is the text that was read: no two texts are the same token', () => {
  const part = fc.oneof(
    fc.string({ minLength: 1 }).map(encode),
    fc.stringMatching(/^[A-Za-z0-9_-]{1,9}$/),
  )
  fc.assert(
    fc.property(part, part, (payloadPart, signaturePart) => {
      const text = `${h}.${payloadPart}.${signaturePart}`
      try {
        const { payload, signature } = readCompact(text)
        const again = [payload, signature].map((bytes) => Buffer.from(bytes).toString('base64url'))
        assert.equal(`${h}.${again.join('.')}`, text)
      } catch (error) {
        if (error instanceof assert.AssertionError) throw error
      }
    }),
  )
})

test('claims are plain values, and repeated members are refused at any depth', () => {
  const read = (text: string) => readObject(Buffer.from(text), 'claims set')
  assert.deepEqual(read('{"a":[1,{"b":null}],"c":"d","e":true}'), {
    a: [1, { b: null }],
    c: 'd',
    e: true,
  })
  for (const text of [
    '{"a":1,"a":2}',
    '{"a":{"b":1,"b":1}}',
    '{"a":1,"\\u0061":2}',
    '[]',
    '1',
    '',
    '{"__proto__":1}',
  ])
    assert.throws(() => read(text), { code: 'token.malformed' }, text)
})

const bytesOf = (text: string) => new TextEncoder().encode(text)

test('claims without nesting are read as the strict reader reads them', () => {
  const scalar = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.option(scalar)), (claims) => {
      const read = (text: string) => {
        try {
          return readObject(bytesOf(text), 'claims set')
        } catch {
          return 'refused'
        }
      }
      // White space is for the strict reader only.
      assert.deepEqual(read(JSON.stringify(claims)), read(` ${JSON.stringify(claims, null, 1)}`))
    }),
  )
})

test('claims without nesting are refused as everything else', () => {
  const texts = [
    '{"a":1,"a":1}',
    '{"a":1,"a":2}',
    '{"__proto__":1}',
    '{"__entity":"x"}',
    '{"a":"\\u0000"}',
    '{"a":"\\ud800"}',
    '{"a":01}',
    '\ufeff{"a":1}',
    '{"a":1}{}',
    '{"a":1',
  ]
  for (const text of texts)
    assert.throws(() => readObject(bytesOf(text), 'claims set'), { code: 'token.malformed' }, text)
})

test('a header that is read once for many tokens cannot be changed by who reads it', () => {
  const jwk = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }
  const text = token(JSON.stringify({ alg: 'ES256', typ: 'dpop+jwt', jwk }))
  const { header } = readCompact(text)
  assert.equal(readCompact(text).header, header)
  assert.ok(Object.isFrozen(header) && Object.isFrozen(header.jwk))
})
