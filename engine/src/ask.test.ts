import assert from 'node:assert/strict'
import { test } from 'node:test'
import { askFor } from './ask.ts'
import { requestable } from './policy-testing.ts'

test('each rule asks once, with what is its own: others where it means nobody, and later', () => {
  const finance = ['group:finance']
  const escalation = [{ afterSeconds: 300, name: 'manager' }]
  const ask = askFor(
    [
      requestable('a', { approvers: finance }),
      requestable('b', { approvers: ['group:legal'], furtherApprovers: [finance] }),
      requestable('c', { approvers: finance, escalation }),
      requestable('d', { approvers: ['manager'], fallback: finance }),
      requestable('e', { approvers: ['manager'], barsAgentOwners: true, inPerson: true }),
    ],
    'high',
  )
  assert.deepEqual(ask.approvers, [finance, ['group:legal'], finance, ['manager'], ['manager']])
  assert.deepEqual(ask.separate, [[1, 0]])
  assert.deepEqual(ask.escalations, [{ ...escalation[0], rule: 2 }])
  assert.deepEqual(ask.fallbacks, [{ rule: 3, names: finance }])
  assert.equal(ask.barsAgentOwners, true)
  assert.equal(ask.inPerson, true)
  assert.equal(askFor([requestable('a', {})], 'low').inPerson, undefined)
})

test('break-glass is offered where every rule names somebody, and never by rules about tokens', () => {
  const call = requestable('a', { breakGlass: ['group:on-call'] })
  const issuing = requestable('b', { breakGlass: ['group:on-call'], issuance: true })
  assert.deepEqual(askFor([call], 'high').breakGlass, [['group:on-call']])
  for (const rules of [[issuing], [call, issuing], [call, requestable('c', {})]])
    assert.equal(askFor(rules, 'high').breakGlass, undefined)
})
