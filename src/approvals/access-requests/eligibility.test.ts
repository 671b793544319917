import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import type { ApprovalAnswer } from '../approvals/answer-store.ts'
import { anAsk, aRequest } from '../approvals/testing.ts'
import type { AccessRequest } from './access-request.ts'
import {
  type Approver,
  type EligibilityQuestion,
  isEnough,
  mayAnswer,
  missingApprovals,
} from './eligibility.ts'

const now = manualClock().now()

const request = ({
  barred = [],
  behind = [],
  ...over
}: Partial<AccessRequest & EligibilityQuestion> = {}) => ({
  ...aRequest(now, over),
  barred,
  behind,
})

function person(id: `psn_${string}`, ...groups: string[]): Approver {
  return { id, groups, status: 'active' }
}

function answer(id: `psn_${string}`, said: 'approve' | 'deny'): ApprovalAnswer {
  return {
    requestId: 'req_1',
    personId: id,
    standsInFor: null,
    answer: said,
    reason: null,
    answerHash: 'a',
    allowance: null,
    consequence: null,
    shownAt: null,
    authTime: now,
    answeredAt: now,
    countsFrom: now,
  }
}

const finn = person('psn_finn', 'finance')
const why = (
  who: Approver,
  about: AccessRequest & EligibilityQuestion,
  answers: ApprovalAnswer[] = [],
) => {
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
  assert.equal(why(finn, request(), [answer('psn_fay', 'approve')]), 'approve,deny')
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

test('separate rules need people of their own, who are shared out so that most count', () => {
  const separate = (over: Partial<AccessRequest['ask']> = {}) =>
    request({
      ask: anAsk({ approvers: [['group:finance'], ['group:legal']], separate: [[0, 1]], ...over }),
    })
  const both = person('psn_both', 'finance', 'legal')
  assert.equal(isEnough([both], separate()), false)
  assert.equal(isEnough([both, both], separate()), false)
  // Somebody in both groups fills whichever place is free, in any order of answers.
  assert.equal(isEnough([both, finn], separate()), true)
  assert.equal(isEnough([finn, both], separate()), true)
  assert.equal(isEnough([both, person('psn_lea', 'legal')], separate()), true)
  assert.equal(isEnough([finn, person('psn_fay', 'finance')], separate()), false)
  assert.deepEqual(missingApprovals([finn, both], separate({ quorum: 2 })), [
    { names: ['group:legal'], count: 2 },
  ])
})

test('whoever is behind a request may not answer it', () => {
  const asked = request({ barred: ['psn_finn'] })
  assert.equal(why(finn, asked), 'behind_request')
  assert.equal(isEnough([finn], asked), false)
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

test('whoever is behind a request answers it for nobody, and nobody for them, also where people may answer their own', () => {
  const away = person('psn_ada', 'finance')
  const standIn = { ...person('psn_boris'), standsInFor: away }
  assert.equal(why(standIn, request()), 'approve,deny')
  for (const ask of [anAsk(), anAsk({ self: true })])
    for (const id of [standIn.id, away.id]) {
      const barred = ask.self ? [] : [id]
      assert.equal(why(standIn, request({ ask, barred, behind: [id] })), 'behind_request')
      assert.equal(why(standIn, request({ ask, requesterId: id })), 'own_request')
    }
  assert.equal(isEnough([away, standIn], request({ ask: anAsk({ quorum: 2 }) })), false)
  assert.equal(
    isEnough([person('psn_boris', 'finance'), standIn], request({ ask: anAsk({ quorum: 2 }) })),
    false,
  )
})

test('the person who asked in the conversation answers no more than the one whom the call is made for', () => {
  assert.equal(why(finn, request({ requesterId: finn.id })), 'own_request')
  const self = anAsk({ self: true })
  assert.equal(why(finn, request({ requesterId: finn.id, ask: self })), 'approve,deny')
})

test('a stand-in answers for a person who is active and whom a rule names, where no rule asks for that person', () => {
  const away = person('psn_ada', 'finance')
  const inPlaceOf = (standsInFor: Approver) => ({ ...person('psn_boris'), standsInFor })
  const either = anAsk({ approvers: [['group:legal'], ['group:finance']] })
  assert.equal(why(inPlaceOf(away), request({ ask: either })), 'approve,deny')
  assert.equal(why(inPlaceOf({ ...away, status: 'suspended' }), request()), 'not_an_approver')
  assert.equal(why(inPlaceOf(person('psn_ada')), request()), 'not_an_approver')
  assert.equal(why(inPlaceOf(away), request({ ask: anAsk({ inPerson: true }) })), 'not_an_approver')
  const self = anAsk({ self: true })
  for (const personId of ['psn_ada', 'psn_boris'] as const)
    assert.equal(why(inPlaceOf(away), request({ ask: self, personId })), 'own_request')
})

test('a rule that is in no separate set counts people who also count elsewhere, and is needed all the same', () => {
  const asked = request({
    ask: anAsk({
      approvers: [['group:finance'], ['group:legal'], ['group:risk']],
      separate: [[0, 1]],
    }),
  })
  const lea = person('psn_lea', 'legal')
  assert.equal(isEnough([finn, lea], asked), false)
  assert.equal(isEnough([person('psn_finn', 'finance', 'risk'), lea], asked), true)
})

test('a use that is left of a request that was cancelled can be answered by no one', () => {
  const cancelled = request({ state: 'cancelled', usesLeft: 1, usableUntil: now + 1 })
  assert.equal(why(finn, cancelled), 'not_pending')
})
