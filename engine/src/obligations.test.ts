import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide } from './decide.ts'
import type { CallFacts } from './gates.ts'
import type { Obligation } from './policy.ts'
import { type FakePolicy, facts, policySet, requestable } from './policy-testing.ts'

const obligation = (id: string, type: string, properties = {}): Obligation => ({
  id,
  type,
  properties,
})
const permit = (
  id: string,
  obliges: readonly Obligation[],
  says: FakePolicy['says'] = () => 'yes',
): FakePolicy => ({ id, effect: 'permit', says, obliges })
const REDACT = obligation('a#redact', 'redact', { paths: '/email' })
const HASH = obligation('b#hash', 'hash', { paths: '/card' })
const DOABLE = ['redact', 'hash']

function answer(policies: readonly FakePolicy[], over: Partial<CallFacts> = {}) {
  return decide(facts({ doable: DOABLE, ...over }), policySet(policies))
}

test('every permit that determines an answer about anyone obliges, each once', () => {
  const forPersons = permit('a', [REDACT], ({ principal }) =>
    principal.type === 'Person' ? 'yes' : 'no',
  )
  const forAgents = permit('b', [HASH], ({ principal }) =>
    principal.type === 'Agent' ? 'yes' : 'no',
  )
  const asleep = permit('c', [obligation('c#cap', 'cap')], () => 'no')
  const decision = answer([forAgents, forPersons, asleep])
  assert.ok(decision.outcome === 'permit')
  assert.deepEqual(decision.obligations, [REDACT, HASH])
})

test('one that is not known where the call is enforced denies, and is told', () => {
  const watermark = obligation('a#obligation', 'urn:example:watermark')
  const decision = answer([permit('a', [watermark])])
  assert.ok(decision.outcome === 'deny')
  assert.equal(decision.reason, 'obligation.unknown')
  assert.match(decision.detail, /urn:example:watermark/)
  assert.equal(answer([permit('a', [watermark])], { doable: [watermark.type] }).outcome, 'permit')
  assert.equal(answer([permit('a', [REDACT])], { doable: [] }).outcome, 'deny')
})

test('a call that people have to approve obliges to what its permits do', () => {
  const large: FakePolicy = {
    id: 'large',
    effect: 'forbid',
    says: () => 'yes',
    requestable: requestable('large'),
  }
  const policies = [permit('a', [REDACT]), large]
  assert.equal(answer(policies).outcome, 'requestable')
  // INVARIANT: nobody is asked about what could not be done afterwards.
  const denied = answer(policies, { doable: [] })
  assert.ok(denied.outcome === 'deny' && denied.reason === 'obligation.unknown')
  const { digest, id } = requestable('large')
  const lifted = answer(policies, { lifted: [{ id, digest }] })
  assert.ok(lifted.outcome === 'permit')
  assert.deepEqual(lifted.obligations, [REDACT])
})

test('step-up counts what is known of how and when the person proved who they are', () => {
  const step = (properties: Record<string, string>) => [
    permit('a', [obligation('a#step_up', 'step_up', properties)]),
  ]
  const both = step({ acr_values: 'mfa hardware', max_age: '900' })
  for (const [authentication, outcome] of [
    [{ acr: 'mfa', ageSeconds: 900 }, 'permit'],
    [{ acr: 'hardware', ageSeconds: 0 }, 'permit'],
    [{ acr: 'mfa', ageSeconds: 901 }, 'deny'],
    [{ acr: 'pwd', ageSeconds: 0 }, 'deny'],
    [{ acr: 'mf', ageSeconds: 0 }, 'deny'],
    [{ acr: 'mfa' }, 'deny'],
    [{ ageSeconds: 0 }, 'deny'],
    [{}, 'deny'],
  ] as const)
    assert.equal(answer(both, { authentication }).outcome, outcome, JSON.stringify(authentication))
  assert.equal(answer(both).outcome, 'deny', 'nothing is known')
  const fresh = { acr: 'mfa', ageSeconds: 0 }
  assert.equal(answer(step({ max_age: '60' }), { authentication: fresh }).outcome, 'permit')
  assert.equal(answer(step({ acr_values: 'mfa' }), { authentication: fresh }).outcome, 'permit')

  const denied = answer(both, { authentication: { acr: 'pwd' } })
  assert.ok(denied.outcome === 'deny')
  assert.equal(denied.reason, 'step_up.required')
  const gate = denied.gates.find(({ reason }) => reason === 'step_up.required')
  assert.deepEqual(gate?.stepUp, { acrValues: 'mfa hardware', maxAge: '900' })
  // With nobody present there is nobody who could.
  const alone = answer(both, { authentication: fresh, sponsored: true })
  assert.ok(alone.outcome === 'deny' && alone.reason === 'obligation.unknown')
})
