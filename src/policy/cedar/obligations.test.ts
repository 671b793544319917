import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load } from '../policy/testing.ts'
import { readAnnotations } from './annotations.ts'

const read = (annotations: Record<string, string | null>, effect: 'permit' | 'forbid' = 'permit') =>
  readAnnotations(effect, { id: 'rule', ...annotations }, 'text')

test('each annotation is read into its one form', () => {
  const person = `person:psn_${'a'.repeat(22)}`
  const { mistakes, obligations } = read({
    redact: ' /card/number  /email /email',
    hash: '/customer/*/e~1mail',
    cap: '/items 100',
    notify: `group:finance, ${person}`,
    step_up: 'urn:acr:mfa max_age=PT15M',
    obligation: 'https://example.com/watermark with these words',
  })
  assert.deepEqual(mistakes, [])
  assert.deepEqual(
    obligations.map(({ id, properties, type }) => [id, type, properties]),
    [
      ['rule#redact', 'redact', { paths: '/card/number /email' }],
      ['rule#hash', 'hash', { paths: '/customer/*/e~1mail' }],
      ['rule#cap', 'cap', { path: '/items', most: '100' }],
      ['rule#notify', 'notify', { to: `group:finance ${person}` }],
      ['rule#step_up', 'step_up', { acr_values: 'urn:acr:mfa', max_age: '900' }],
      ['rule#obligation', 'https://example.com/watermark', { value: 'with these words' }],
    ],
  )
})

test('what would not do what it looks like is a mistake, and not left out', () => {
  const wrong: Record<string, readonly string[]> = {
    redact: [
      '',
      'email',
      '/',
      '/a//b',
      '/a/',
      '/a~2b',
      '/a\u0000',
      `/${'a'.repeat(300)}`,
      '#/a',
      '/a\u202eb',
    ],
    hash: ['', 'a.b', '$.a'],
    cap: ['', '/items', '100', '/items 0', '/items -1', '/items 1.5', '/items ten', '/items 1 2'],
    notify: ['', 'finance', 'group:', 'group:A', 'person:sam', 'group:finance group:other'],
    step_up: [
      '',
      'max_age=',
      'max_age=900',
      'mfa max_age=PT1M max_age=PT2M',
      'max_age=P2D',
      'm"fa',
    ],
    obligation: ['', 'watermark', 'http://example.com/x', 'redact'],
  }
  for (const [name, values] of Object.entries(wrong))
    for (const value of values) {
      const { mistakes } = read({ [name]: value })
      assert.ok(
        mistakes.some((words) => words.includes(`@${name}`)),
        `${name} ${value}`,
      )
    }
  assert.deepEqual(read({ redact: null }).mistakes.length, 1)
})

test('a forbid obliges to nothing', () => {
  for (const name of ['redact', 'hash', 'cap', 'notify', 'step_up', 'obligation'])
    assert.ok(read({ [name]: '/a 1' }, 'forbid').mistakes.length > 0, name)
})

test('a set knows what its permits oblige to', () => {
  const set = load(`@id("plain") permit (principal, action, resource);
@id("careful") @redact("/email") permit (principal, action == Action::"orders.read", resource);`)
  assert.deepEqual([...set.obligations.keys()], ['careful'])
  assert.throws(() => load('@id("a") @redact("email") permit (principal, action, resource);'), {
    code: 'policy.invalid',
  })
  assert.throws(() => load('@id("a") @redakt("/email") permit (principal, action, resource);'), {
    code: 'policy.invalid',
  })
})
