import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { readProfile } from './profile.ts'

const provider = { issuer: 'https://idp.example', groupsClaim: 'groups' }
const BAD = { code: 'person.bad_claims' }

test('a subject is 1 to 255 printable ASCII characters', () => {
  for (const sub of [undefined, '', 7, 'x'.repeat(256), 'a\0b', 'a\nb', 'ä', '\ud800', ['x']])
    assert.throws(() => readProfile({ sub, iat: 1 }, provider), BAD)
  assert.equal(readProfile({ sub: 'auth0|5 x', iat: 1 }, provider).subject, 'auth0|5 x')
})

test('groups are a text or a list of texts, and never a guess at anything else', () => {
  const groups = (value: unknown) =>
    readProfile({ sub: 's', iat: 1, groups: value }, provider).groupValues
  assert.equal(groups(undefined), undefined)
  assert.deepEqual(groups('one'), ['one'])
  assert.deepEqual(groups(['one', 'two', 'one']), ['one', 'two'])
  assert.deepEqual(groups([]), [])
  for (const bad of [null, 7, {}, [7], [['one']], ['a\0'], ['\udc00'], Array(1001).fill('x')])
    assert.throws(() => groups(bad), BAD)
})

test('oauth2-proxy GHSA-c5c4: an address that could be read in two ways is none', () => {
  const emailOf = (email: unknown) => readProfile({ sub: 's', iat: 1, email }, provider).email
  for (const email of [
    'sam@example.com',
    "o'neil@example.com",
    'sam+x@sub.example.com',
    'sämi@exämple.com',
  ])
    assert.equal(emailOf(email), email)
  for (const email of [
    'sam@evil.example@corp.example',
    'sam@corp.example@evil.example',
    '"sam@corp.example"@evil.example',
    'sam@evil.example,ada@corp.example',
    'sam@evil.example <ada@corp.example>',
    'sam@evil.example\nada@corp.example',
    'sam@corp.exam\u200bple',
    ' sam@corp.example',
    'sam',
    '@corp.example',
    'sam@',
    '',
    `${'a'.repeat(200)}@corp.example`,
  ])
    assert.equal(emailOf(email), null, JSON.stringify(email))
  assert.equal(emailOf(undefined), undefined)
  assert.equal(emailOf(7), undefined)
})

test('whatever the claims are: a profile that can be stored and hashed, or bad claims', () => {
  const claims = fc.dictionary(
    fc.constantFrom(
      'sub',
      'iat',
      'name',
      'preferred_username',
      'email',
      'email_verified',
      'groups',
    ),
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({
        minLength: 190,
        maxLength: 260,
        unit: fc.constantFrom('\ud83d\ude00', 'a', '\u202e'),
      }),
      fc.integer(),
      fc.boolean(),
      fc.array(fc.string()),
      fc.constant(null),
    ),
  )
  fc.assert(
    fc.property(claims, (given) => {
      try {
        const { issuedAt, ...profile } = readProfile({ sub: 's', iat: 1, ...given }, provider)
        assert.equal(typeof issuedAt, 'number')
        canonicalJson({ ...profile })
        assert.doesNotMatch(`${profile.name}${profile.email}`, /[\p{Cc}\p{Cf}\p{Cs}]/u)
      } catch (error) {
        assert.ok(error instanceof Problem && error.code === 'person.bad_claims', String(error))
      }
    }),
  )
})
