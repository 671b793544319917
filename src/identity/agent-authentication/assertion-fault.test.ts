import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import { type AssertionRules, assertionFault } from './assertion-fault.ts'

const clock = manualClock()
const issuer = 'https://remit.example'
const RULES: AssertionRules = {
  ...{ issuer, audience: issuer, clock, fractions: true, maxLifeSeconds: 300 },
  typ: ['client-authentication+jwt', 'JWT', ''],
  algorithms: ['ES256', 'EdDSA'],
}

/** Finds the fault of an assertion whose signature is of no interest. */
function fault(claims: object, header: object = {}, rules = RULES): string | undefined {
  const now = Math.floor(clock.now() / 1000)
  const honest = { iss: 'bot', sub: 'bot', jti: 'j', aud: issuer, iat: now, exp: now + 60 }
  const parts = [
    { alg: 'ES256', typ: 'JWT', ...header },
    { ...honest, ...claims },
  ]
  const [head, body] = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
  return assertionFault(`${head}.${body}.c2lnbmF0dXJl`, rules)
}

test('an assertion that keeps every rule has no fault, whatever way its type is written', () => {
  for (const typ of ['JWT', 'application/JWT', 'APPLICATION/client-authentication+jwt', undefined])
    assert.equal(fault({}, { typ }), undefined, typ)
  assert.equal(fault({}, { alg: 'EdDSA' }), undefined)
})

test('a wrong type or algorithm is told with those that are right', () => {
  const types = '`typ` has to be client-authentication+jwt or JWT'
  for (const typ of ['at+jwt', 'application/at+jwt', 'JWapplication/T', 'application/'.repeat(2)])
    assert.equal(fault({}, { typ }), types, typ)
  assert.equal(fault({}, { alg: 'RS256' }), '`alg` must be ES256 or EdDSA, not `RS256`')
})

test('issuer and subject have to be one client id, and a `jti` has to be there', () => {
  for (const claims of [{ sub: 'other' }, { iss: 'other' }, { iss: 7, sub: 7 }, { iss: undefined }])
    assert.equal(fault(claims), '`iss` and `sub` both have to be the client id')
  for (const jti of [undefined, '', 7]) assert.equal(fault({ jti }), '`jti` is missing')
})

test('a fault of the server itself is no fault of the assertion', () => {
  const audience = (): boolean => {
    throw new TypeError('broken')
  }
  assert.throws(() => fault({ aud: 'x' }, {}, { ...RULES, audience }), /broken/)
})
