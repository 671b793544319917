import assert from 'node:assert/strict'
import { test } from 'node:test'
import { claimAt, claimPointer, holds, wrongTest } from './claim-test.ts'

const CLAIMS = {
  sub: 'system:serviceaccount:agents:refunds',
  repository: 'acme/shop',
  run: 42,
  groups: ['admin', 'a', 'b'],
  nothing: null,
  'https://claims.example/team': 'blue',
  'kubernetes.io': {
    namespace: 'agents',
    serviceaccount: { name: 'refunds' },
    'a/b': 'c',
    '~': 't',
  },
}

test('a claim equals, or begins with, text; nothing is folded, trimmed or made text', () => {
  for (const [claim, is, value, wanted] of [
    ['sub', 'equals', 'system:serviceaccount:agents:refunds', true],
    ['sub', 'equals', 'System:serviceaccount:agents:refunds', false],
    ['sub', 'equals', 'system:serviceaccount:agents:refunds ', false],
    ['sub', 'prefix', 'system:serviceaccount:agents:', true],
    ['sub', 'prefix', 'system:serviceaccount:agents:refunds', false],
    ['sub', 'prefix', 'ystem:', false],
    ['repository', 'prefix', 'acme/', true],
    ['run', 'equals', '42', false],
    ['groups', 'equals', 'admin', false],
    ['/groups/0', 'equals', 'admin', false],
    ['groups', 'prefix', ':', false],
    ['nothing', 'prefix', ':', false],
    ['/nothing/a', 'equals', 'a', false],
    ['/sub/0', 'equals', 's', false],
    ['missing', 'equals', 'undefined', false],
    ['constructor', 'equals', 'Object', false],
    ['/kubernetes.io/namespace', 'equals', 'agents', true],
    ['/kubernetes.io/serviceaccount/name', 'equals', 'refunds', true],
    ['/kubernetes.io/serviceaccount', 'equals', 'refunds', false],
    ['/kubernetes.io/serviceaccount/name/length', 'equals', '7', false],
    ['/kubernetes.io/a~1b', 'equals', 'c', true],
    ['/kubernetes.io/~0', 'equals', 't', true],
    ['https://claims.example/team', 'equals', 'blue', true],
  ] as const)
    assert.equal(holds({ claim, is, value }, CLAIMS), wanted, `${claim} ${is} ${value}`)
  assert.equal(claimAt(CLAIMS, '__proto__'), undefined)
  assert.equal(claimAt(CLAIMS, '/kubernetes.io/__proto__/toString'), undefined)
})

test('a prefix that could reach beyond what belongs to somebody, and names of nothing, are refused', () => {
  for (const [claim, is, value] of [
    ['sub', 'prefix', 'spiffe://prod/ns/a'],
    ['sub', 'prefix', ''],
    ['sub', 'equals', ''],
    ['', 'equals', 'a'],
    ['/', 'equals', 'a'],
    ['/a/', 'equals', 'a'],
    ['/a~2', 'equals', 'a'],
    ['sub', 'equals', 'a\u200bb'],
    ['sub', 'equals', ' a'],
    ['sub', 'equals', 'x'.repeat(2049)],
  ] as const)
    assert.ok(wrongTest({ claim, is, value }), `${claim} ${is} ${value}`)
  for (const value of ['spiffe://prod/ns/a/', 'repo:acme/', 'system:serviceaccount:agents:'])
    assert.equal(wrongTest({ claim: 'sub', is: 'prefix', value }), undefined)
})

test('a claim and a value that can be used are told apart from those that cannot, with the reason', () => {
  const long = 'x'.repeat(2048)
  for (const claim of ['s', 'sub', '/a/b', '/a~0b~1', 'https://claims.example/team', long])
    assert.equal(wrongTest({ claim, is: 'equals', value: 'a b' }), undefined, claim)
  assert.equal(wrongTest({ claim: 'sub', is: 'equals', value: long }), undefined)
  const claim = `${'y'.repeat(80)}/`
  assert.equal(
    wrongTest({ claim, is: 'equals', value: 'a' }),
    `\`${'y'.repeat(64)}\` names no claim`,
  )
  assert.equal(
    wrongTest({ claim: 'sub', is: 'prefix', value: `${'z'.repeat(80)}a` }),
    `a prefix ends with / or :, or it reaches beyond \`${'z'.repeat(31)}a\``,
  )
})

test('a claim is written as a pointer', () => {
  assert.equal(claimPointer('sub'), '/sub')
  assert.equal(claimPointer('a/b~'), '/a~1b~0')
  assert.equal(claimPointer('/kubernetes.io/namespace'), '/kubernetes.io/namespace')
})
