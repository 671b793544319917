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
