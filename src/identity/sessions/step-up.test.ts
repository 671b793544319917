import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isProvedWell, requireProved, stepUpInWords, UNPROVED } from './step-up.ts'

const NOW = Date.UTC(2026, 0, 1, 12)
const wants = (maxAgeSeconds: number | null, ...acrValues: string[]) => ({
  maxAgeSeconds,
  acrValues,
})
const proved = { authTime: NOW, acr: 'mfa' }

test('a sign-in is strong enough where its way is one of those that are wanted', () => {
  assert.ok(isProvedWell(proved, wants(null, 'phr', 'mfa'), NOW))
  assert.ok(!isProvedWell(proved, wants(null, 'phr'), NOW))
  assert.ok(!isProvedWell({ ...proved, acr: null }, wants(null, 'mfa'), NOW))
  assert.ok(isProvedWell(UNPROVED, wants(null), NOW))
})

test('a sign-in is fresh to the last second of its age, by whole seconds', () => {
  const later = (ms: number) => isProvedWell(proved, wants(60), NOW + ms)
  assert.ok(later(0))
  assert.ok(later(60_999))
  assert.ok(!later(61_000))
  assert.ok(isProvedWell({ ...proved, authTime: NOW - 1 }, wants(0), NOW - 1))
  assert.ok(!isProvedWell({ ...proved, authTime: NOW - 1 }, wants(0), NOW))
  assert.ok(!isProvedWell({ ...proved, authTime: null }, wants(60), NOW))
  assert.ok(!isProvedWell(UNPROVED, wants(60), 30_000), 'an unknown time is not the epoch')
})

test('strong does not make up for old, nor fresh for weak', () => {
  assert.ok(!isProvedWell(proved, wants(60, 'mfa'), NOW + 61_000))
  assert.ok(!isProvedWell(proved, wants(60, 'phr'), NOW))
  assert.ok(isProvedWell(proved, wants(60, 'mfa'), NOW))
})

test('every wanted sign-in is required, and the first that is missing is named', () => {
  requireProved(proved, [], NOW)
  requireProved(proved, [wants(60), wants(null, 'mfa')], NOW)
  assert.throws(() => requireProved(proved, [wants(60), wants(null, 'phr')], NOW), {
    code: 'step_up.required',
    detail: 'sign in again first, as phr',
  })
})

test('what is wanted is said in words', () => {
  const said = [
    [wants(null), ''],
    [wants(null, 'mfa', 'phr'), ', as mfa or phr'],
    [wants(0), ', again'],
    [wants(1), ', not longer than 1 second ago'],
    [wants(59), ', not longer than 59 seconds ago'],
    [wants(60), ', not longer than 1 minute ago'],
    [wants(90), ', not longer than 90 seconds ago'],
    [wants(300, 'mfa'), ', as mfa, not longer than 5 minutes ago'],
  ] as const
  for (const [wanted, words] of said) assert.equal(stepUpInWords(wanted), words)
})
