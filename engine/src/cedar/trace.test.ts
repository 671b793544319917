import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PolicyRecord } from '../policy.ts'
import type { PolicyJson } from './json.ts'
import { tracedCall, tracePolicy } from './trace.ts'

const SAM = { type: 'Person', id: 'sam' } as const

function traced(body: object, context: PolicyRecord = {}, kind: 'when' | 'unless' = 'when') {
  const policy: PolicyJson = {
    effect: 'permit',
    principal: { op: 'in', entity: { type: 'Group', id: 'support' } },
    action: { op: 'in', entity: { type: 'Action', id: 'write' } },
    resource: { op: 'All' },
    conditions: [{ kind, body }],
  }
  const query = {
    principal: SAM,
    action: 'orders.refund',
    resource: 'orders',
    context,
    entities: [{ uid: SAM, attributes: {}, parents: [] }],
  }
  return tracePolicy('p', policy, tracedCall(query, ['write']))
}

const variable = (name: string) => ({ '.': { left: { Var: 'context' }, attr: name } })
const decimal = (text: string) => ({ decimal: [{ Value: text }] })
const both = (left: object, right: object) => ({ '&&': { left, right } })
const either = (left: object, right: object) => ({ '||': { left, right } })
const compared = (operator: string, left: object, right: object) => ({
  [operator]: { left, right },
})

test('a scope that does not fit is named by its part', () => {
  const { mismatches, principal } = traced({ Value: true })
  assert.deepEqual(mismatches, ['principal'])
  assert.equal(principal, 'in Group::"support"')
})

test('every part of a condition that has to hold is told by itself, with what it was and what it needs', () => {
  const amount = variable('amount')
  const { conditions } = traced(
    both(
      both(
        { has: { left: { Var: 'context' }, attr: 'amount' } },
        { lessThanOrEqual: [amount, decimal('100.00')] },
      ),
      both(
        { '!': { arg: variable('night') } },
        compared('==', { Value: 'EUR' }, variable('currency')),
      ),
    ),
    { amount: { decimal: '950.0' }, night: true, currency: 'CHF' },
  )
  assert.deepEqual(
    conditions.map(({ actual, holds, needed, subject }) => [subject, actual, needed, holds]),
    [
      ['context.amount', 'there', 'to be there', true],
      ['context.amount', '950.00', 'at most 100.00', false],
      ['context.night', 'true', 'false', false],
      ['context.currency', '"CHF"', '"EUR"', false],
    ],
  )
  assert.equal(conditions[1]?.text, 'context.amount.lessThanOrEqual(decimal("100.00"))')
})

test('of `unless` it is the opposite that has to hold', () => {
  const { conditions } = traced(
    either(compared('<', variable('count'), { Value: 3 }), {
      like: { left: variable('to'), pattern: ['Wildcard', { Literal: '@x*' }] },
    }),
    { count: { integer: '2' }, to: 'kim@y' },
    'unless',
  )
  assert.deepEqual(
    conditions.map(({ actual, holds, needed, subject }) => [subject, actual, needed, holds]),
    [
      ['context.count', '2', 'at least 3', false],
      ['context.to', '"kim@y"', 'not like "*@x\\*"', true],
    ],
  )
})

test('what rests on something that is not there is unknown, and nothing is thrown', () => {
  const { conditions } = traced(
    both(
      { has: { left: { Var: 'context' }, attr: 'person' } },
      compared('in', variable('person'), { Value: { __entity: { type: 'Group', id: 'g' } } }),
    ),
  )
  assert.deepEqual(
    conditions.map(({ actual, holds, needed }) => [actual, needed, holds]),
    [
      ['not there', 'to be there', false],
      [undefined, 'in Group::"g"', 'unknown'],
    ],
  )
})

test('sets that are written out, and other sides that are not constant, are told as such', () => {
  const list = { Set: [{ Value: 'EUR' }, { Value: 'USD' }] }
  const { conditions } = traced(
    both(
      compared('contains', list, variable('currency')),
      compared('>', variable('limit'), variable('amount')),
    ),
    { currency: 'CHF', limit: { integer: '5' }, amount: { integer: '7' } },
  )
  assert.deepEqual(
    conditions.map(({ actual, needed, subject }) => [subject, actual, needed]),
    [
      ['context.currency', '"CHF"', 'one of ["EUR", "USD"]'],
      ['context.limit', '5', 'more than 7 (context.amount)'],
    ],
  )
})
