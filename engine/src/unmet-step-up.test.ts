import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallFacts } from './gates.ts'
import { STEP_UP } from './obligations.ts'
import type { Obligation, PolicyQuery } from './policy.ts'
import { type FakePolicy, facts, policySet, requestable } from './policy-testing.ts'
import { unmetStepUp } from './unmet-step-up.ts'

const wants = (properties: Obligation['properties']): readonly Obligation[] => [
  { id: 'p#step_up', type: STEP_UP, properties },
]
const ofPerson = ({ principal }: PolicyQuery) => (principal.type === 'Person' ? 'yes' : 'no')
const AGENTS: FakePolicy = {
  id: 'agents',
  effect: 'permit',
  says: ({ principal }) => (principal.type === 'Agent' ? 'yes' : 'no'),
}
const MFA: FakePolicy = {
  id: 'mfa',
  effect: 'permit',
  says: ofPerson,
  obliges: wants({ acr_values: 'mfa', max_age: '600' }),
}

function unmet(
  policies: readonly FakePolicy[],
  over: Partial<CallFacts> = {},
  how: 'surely' | 'perhaps' = 'surely',
) {
  const { call, context, ...around } = facts(over)
  return unmetStepUp(around, policySet([...policies, AGENTS]), how)({ ...call, context })
}

test('what every permit wants and there is not is told, with what would be enough', () => {
  assert.deepEqual(unmet([MFA]), { acrValues: 'mfa', maxAge: '600' })
  assert.deepEqual(unmet([MFA], { authentication: { acr: 'pwd', ageSeconds: 1 } }), {
    acrValues: 'mfa',
    maxAge: '600',
  })
  assert.equal(unmet([MFA], { authentication: { acr: 'mfa', ageSeconds: 600 } }), undefined)
  assert.ok(unmet([MFA], { authentication: { acr: 'mfa', ageSeconds: 601 } }))
})

test('nothing is told where one permit wants none of it, or nothing is permitted anyway', () => {
  const easy: FakePolicy = { id: 'easy', effect: 'permit', says: ofPerson }
  assert.equal(unmet([MFA, easy]), undefined)
  assert.ok(unmet([MFA, easy], {}, 'perhaps'), 'both together oblige, where both hold')
  assert.equal(unmet([easy], {}, 'perhaps'), undefined)
  assert.equal(unmet([{ ...MFA, says: () => 'no' }]), undefined)
  assert.equal(unmet([]), undefined)
  const forbid: FakePolicy = { id: 'no', effect: 'forbid', says: () => 'yes' }
  assert.equal(unmet([MFA, forbid]), undefined)
  assert.equal(unmet([MFA], { sponsored: true }), undefined, 'nobody could sign in')
  const asks: FakePolicy = { ...forbid, id: 'asks', requestable: requestable('asks') }
  assert.ok(unmet([MFA, asks]), 'what people lift is lifted for those who signed in')
})
