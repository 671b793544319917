import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readAnnotations } from './annotations.ts'
import { secondsOf } from './obligations.ts'

const PERSON = 'person:psn_AAAAAAAAAAAAAAAAAAAAAA'

function mistakes(
  annotations: Record<string, string | null>,
  effect: 'permit' | 'forbid' = 'forbid',
): string {
  return readAnnotations(effect, { id: 'x', ...annotations }, 'text').mistakes.join('; ')
}

const ask = { requestable: '', approvers: 'group:finance' }

describe('annotations', () => {
  it('say how whoever approves has to have signed in', () => {
    const read = (approver_step_up: string) =>
      readAnnotations('forbid', { id: 'x', ...ask, approver_step_up }, 'text').requestable?.stepUp
    assert.deepEqual(read('mfa phr max_age=PT5M'), {
      acrValues: ['mfa', 'phr'],
      maxAgeSeconds: 300,
    })
    assert.deepEqual(read('max_age=PT5M'), { acrValues: [], maxAgeSeconds: 300 })
    for (const wrong of ['', 'max_age=soon', 'max_age=PT1M max_age=PT2M', 'a"b'])
      assert.match(
        mistakes({ ...ask, approver_step_up: wrong }),
        /`@approver_step_up`: `acr`/,
        wrong,
      )
    assert.match(mistakes({ approver_step_up: 'mfa' }), /means nothing without `@requestable`/)
  })

  it('say which arguments whoever approves may lower or shorten', () => {
    const read = (editable: string) =>
      readAnnotations('forbid', { id: 'x', ...ask, editable }, 'text').requestable?.editable
    assert.deepEqual(read('amount, address/lines,amount'), ['/amount', '/address/lines'])
    for (const wrong of ['', 'a,', '/a', 'a b', 'a//b', `${'a,'.repeat(17)}a`])
      assert.match(mistakes({ ...ask, editable: wrong }), /`@editable` is a comma list/, wrong)
    assert.match(mistakes({ editable: 'a' }), /means nothing without `@requestable`/)
  })

  it('say who may lift a forbid alone in an emergency', () => {
    const read = (break_glass: string) =>
      readAnnotations('forbid', { id: 'x', ...ask, break_glass }, 'text').requestable?.breakGlass
    assert.deepEqual(read(`group:on-call, ${PERSON}`), ['group:on-call', PERSON])
    for (const wrong of ['', ',', 'on-call', 'group:On Call', 'agent:x'])
      assert.match(mistakes({ ...ask, break_glass: wrong }), /`@break_glass`/, wrong)
    assert.match(mistakes({ break_glass: 'group:on-call' }), /means nothing without/)
  })

  it('say whom to ask beside groups, later, and never', () => {
    const { requestable, mistakes: none } = readAnnotations(
      'forbid',
      {
        ...{ id: 'large', requestable: '', approvers: 'manager, owner and group:finance' },
        ...{ approver_fallback: `group:legal, ${PERSON}`, not_approvers: 'agent-owner' },
        stand_ins: 'no',
        ...{ escalate: 'PT5M: manager, PT15M: group:chiefs' },
      },
      'text',
    )
    assert.deepEqual(none, [])
    const { approvers, barsAgentOwners, escalation, fallback, furtherApprovers, inPerson } =
      requestable ?? {}
    assert.deepEqual(
      { approvers, barsAgentOwners, escalation, fallback, furtherApprovers, inPerson },
      {
        inPerson: true,
        ...{ approvers: ['manager', 'owner'], furtherApprovers: [['group:finance']] },
        ...{ barsAgentOwners: true, fallback: ['group:legal', PERSON] },
        escalation: [
          { afterSeconds: 300, name: 'manager' },
          { afterSeconds: 900, name: 'group:chiefs' },
        ],
      },
    )
  })

  it('are refused where they ask later, otherwise or nobody in a way that cannot be meant', () => {
    for (const escalate of [
      ...['', 'PT5M', 'manager', 'PT5M manager', 'PT5M: boss', 'PT5M: group:', '5: manager'],
      ...['PT1H: manager', 'PT0S: manager', 'PT9M: manager, PT5M: owner', 'PT5M: manager,'],
      ...['PT5M: manager, PT6M: manager', 'PT5M: manager; PT6M: owner'],
      'PT1M: group:a, PT2M: group:b, PT3M: group:c, PT4M: group:d, PT5M: group:e, PT6M: group:f',
    ])
      assert.match(mistakes({ ...ask, escalate }), /`@escalate`/, escalate)
    for (const approvers of [
      'group:a and',
      'and group:a',
      'group:a and group:a',
      'Manager',
      'boss',
    ])
      assert.match(mistakes({ ...ask, approvers }), /`@approvers`/, approvers)
    assert.match(mistakes({ ...ask, approvers: 'manager', quorum: '2' }), /more people/)
    assert.match(mistakes({ ...ask, approver_fallback: 'group:legal' }), /means nothing without/)
    const fallback = { ...ask, approvers: 'manager', approver_fallback: 'owner' }
    assert.match(mistakes(fallback), /groups and persons only/)
    assert.match(mistakes({ ...ask, not_approvers: 'owner' }), /`@not_approvers` is/)
    for (const wrong of ['yes', '', 'No', null])
      assert.match(mistakes({ ...ask, stand_ins: wrong }), /`@stand_ins` is "no"/)
    assert.match(mistakes({ stand_ins: 'no' }), /means nothing without `@requestable`/)
    assert.match(mistakes({ escalate: 'PT5M: manager' }), /means nothing without `@requestable`/)
  })

  it('say who may lift a forbid, how many of them, and for how long', () => {
    const { requestable, mistakes: none } = readAnnotations(
      'forbid',
      {
        id: 'large',
        requestable: 'Large',
        approvers: `group:finance, ${PERSON}`,
        quorum: '2',
        lifetime: 'PT30M',
        self: 'true',
      },
      'text',
    )
    assert.deepEqual(none, [])
    assert.ok(requestable)
    const { digest, ...rest } = requestable
    assert.match(digest, /^[\w-]{43}$/)
    assert.deepEqual(rest, {
      id: 'large',
      prompt: 'Large',
      approvers: ['group:finance', PERSON],
      quorum: 2,
      lifetimeSeconds: 1800,
      self: true,
    })
  })

  it('ask one person for an hour, and never the requester, when nothing else is said', () => {
    const { requestable } = readAnnotations('forbid', { id: 'x', ...ask }, 'text')
    assert.deepEqual(
      [requestable?.quorum, requestable?.lifetimeSeconds, requestable?.self],
      [1, 3600, false],
    )
  })

  it('are refused when nobody could answer, or a word is misspelt', () => {
    assert.equal(mistakes({ ...ask, approvers: PERSON }), '')
    assert.match(mistakes({ requestable: '' }), /needs `@approvers/)
    assert.match(mistakes({ requestable: '', approvers: ' , ' }), /needs `@approvers/)
    for (const approvers of [
      'finance',
      'group:Finance',
      'group:finance,',
      'group:a:b',
      'person:sam',
      'agent:bot',
      'group: finance',
      'group:finance person:x',
    ]) {
      assert.match(mistakes({ ...ask, approvers }), /@approvers/, approvers)
    }
    for (const quorum of ['0', '-1', '1.5', '11', 'all', '']) {
      assert.match(mistakes({ ...ask, quorum }), /@quorum/, quorum)
    }
    assert.match(mistakes({ ...ask, approvers: PERSON, quorum: '2' }), /more people/)
    for (const lifetime of ['P2D', 'PT0S', 'PT25H', '1h', 'P1Y', 'PT', 'P', 'PT-1H', '']) {
      assert.match(mistakes({ ...ask, lifetime }), /@lifetime/, lifetime)
    }
    assert.match(mistakes({ ...ask, quorom: '2' }), /@quorom/)
    assert.match(mistakes({ ...ask, self: 'yes' }), /@self/)
    assert.match(mistakes({ ...ask, self: null }), /@self/)
    assert.match(mistakes({ ...ask, requestable: 'a\u202eb' }), /prompt/)
    assert.match(mistakes({ quorum: '2' }), /without `@requestable`/)
    assert.match(mistakes(ask, 'permit'), /belongs to a forbid/)
    for (const id of [null, '', 'a b', 'ä', 'a"b', 'x'.repeat(65)]) {
      assert.match(readAnnotations('permit', { id }, 'text').mistakes.join(), /needs an `@id/)
    }
  })

  it('count durations to the second', () => {
    assert.equal(secondsOf('P1D'), 86_400)
    assert.equal(secondsOf('PT24H'), 86_400)
    assert.equal(secondsOf('PT1H30M5S'), 5405)
    assert.equal(secondsOf('P1DT1S'), undefined)
  })
})
