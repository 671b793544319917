import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ApprovalAnswer } from '../approvals/answer-store.ts'
import { anAsk } from '../approvals/testing.ts'
import { manualClock } from '../lib/clock.ts'
import type { AccessRequest } from './access-request.ts'
import { type Approver, isEnough, mayAnswer, missingApprovals } from './eligibility.ts'

const now = manualClock().now()

function request(over: Partial<AccessRequest> = {}): AccessRequest {
  return {
    id: 'req_1',
    taskId: 'tsk_1',
    personId: 'psn_maria',
    agentId: 'refund-bot',
    resource: 'orders',
    action: 'orders.refund',
    callHash: 'h',
    call: '{}',
    text: 'Refund 900.00',
    templateDigest: 't',
    ask: anAsk(),
    deadline: now + 7_200_000,
    inspected: null,
    sponsored: false,
    policyVersion: 1,
    risk: 'high',
    nonce: 'n',
    decisionId: 'dec_1',
    state: 'pending',
    reason: null,
    createdAt: now,
    expiresAt: now + 3_600_000,
    answeredAt: null,
    answerHash: null,
    usesLeft: 0,
    usedBy: null,
    usableUntil: null,
    ...over,
  }
}

function person(id: `psn_${string}`, ...groups: string[]): Approver {
  return { id, groups, status: 'active' }
}

function answer(id: `psn_${string}`, said: 'approve' | 'deny'): ApprovalAnswer {
  return {
    requestId: 'req_1',
    personId: id,
    answer: said,
    reason: null,
    answerHash: 'a',
    allowance: null,
    authTime: now,
    answeredAt: now,
  }
}

const finn = person('psn_finn', 'finance')
const why = (who: Approver, about: AccessRequest, answers: ApprovalAnswer[] = []) => {
  const may = mayAnswer(who, about, { answers, now })
  return may.may ? may.answers.join() : may.why
}

test('who may answer, and why not', () => {
  assert.equal(why(finn, request()), 'approve,deny')
  assert.equal(why(person('psn_x', 'support'), request()), 'not_an_approver')
  assert.equal(why(person('psn_x', 'finance-trainees'), request()), 'not_an_approver')
  assert.equal(why({ ...finn, status: 'suspended' }, request()), 'not_active')
  assert.equal(why(finn, request({ expiresAt: now })), 'expired')
  assert.equal(why(finn, request({ state: 'expired' })), 'expired')
  assert.equal(why(finn, request({ state: 'cancelled' })), 'not_pending')
  assert.equal(why(finn, request({ state: 'denied' })), 'not_pending')
  assert.equal(why(finn, request(), [answer('psn_finn', 'deny')]), 'already_answered')
  assert.equal(why(finn, request(), [answer('psn_finn', 'approve')]), 'deny')
})

test('a person may be named by id', () => {
  const asked = request({ ask: anAsk({ approvers: [['person:psn_finn']] }) })
  assert.equal(why(person('psn_finn'), asked), 'approve,deny')
  assert.equal(why(person('psn_other', 'person:psn_finn'), asked), 'not_an_approver')
})

test('the person whom the call is made for answers only where every policy says so', () => {
  const maria = person('psn_maria', 'finance')
  assert.equal(why(maria, request()), 'own_request')
  assert.equal(why(maria, request({ ask: anAsk({ self: true }) })), 'approve,deny')
  assert.equal(isEnough([maria], request()), false)
})

test('an approval that nobody used can still be denied, and nothing else', () => {
  const unused = { state: 'approved', usesLeft: 1, usableUntil: now + 1 } as const
  assert.equal(why(finn, request(unused)), 'deny')
  assert.equal(why(finn, request({ ...unused, usesLeft: 0 })), 'not_pending')
  assert.equal(why(finn, request({ ...unused, usableUntil: now })), 'expired')
})

test('a quorum is distinct people, and every rule needs its own', () => {
  const two = request({ ask: anAsk({ quorum: 2 }) })
  assert.equal(isEnough([finn, finn], two), false)
  assert.equal(isEnough([finn, person('psn_fay', 'finance')], two), true)
  const both = request({ ask: anAsk({ approvers: [['group:finance'], ['group:legal']] }) })
  assert.equal(isEnough([finn], both), false)
  assert.deepEqual(missingApprovals([finn], both), [{ names: ['group:legal'], count: 1 }])
  assert.deepEqual(missingApprovals([finn], two), [{ names: ['group:finance'], count: 1 }])
  assert.equal(isEnough([finn, person('psn_lea', 'legal')], both), true)
  assert.equal(isEnough([person('psn_both', 'finance', 'legal')], both), true)
  const either = request({ ask: anAsk({ approvers: [['group:finance', 'group:legal']] }) })
  assert.equal(isEnough([person('psn_lea', 'legal')], either), true)
})

test('a quorum of any size is that many people, not two', () => {
  const people = Array.from({ length: 6 }, (_, i) => person(`psn_${i}`, 'finance'))
  for (let quorum = 1; quorum <= 6; quorum++) {
    const asked = request({ ask: anAsk({ quorum }) })
    for (let count = 0; count <= 6; count++)
      assert.equal(
        isEnough(people.slice(0, count), asked),
        count >= quorum,
        `${count} of ${quorum}`,
      )
  }
})

test('a suspended person does not count, and no rule at all is never enough', () => {
  assert.equal(isEnough([{ ...finn, status: 'suspended' }], request()), false)
  assert.equal(isEnough([finn], request({ ask: anAsk({ approvers: [] }) })), false)
  assert.equal(isEnough([], request({ ask: anAsk({ quorum: 0 }) })), false)
})
