import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { PreparedSlots } from './prepared.ts'

const SCHEMA = 'entity P; action a appliesTo { principal: [P], resource: [P] };'

function preparation(effect: string) {
  const all = { x: `${effect} (principal, action, resource);` }
  return { schema: SCHEMA, all, bare: {} }
}

function permitted(set: string): boolean {
  const answer = cedar.statefulIsAuthorized({
    principal: { type: 'P', id: '1' },
    action: { type: 'Action', id: 'a' },
    resource: { type: 'P', id: '1' },
    context: {},
    entities: [],
    preparsedPolicySetId: set,
  })
  assert.ok(answer.type === 'success')
  return answer.response.decision === 'allow'
}

describe('prepared sets', () => {
  it('are never those of another owner, however many there are', () => {
    const slots = new PreparedSlots('test-many', 4)
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 9; i++) {
        const effect = i % 2 === 0 ? 'permit' : 'forbid'
        const { all, bare } = slots.use(`owner ${i}`, () => preparation(effect))
        assert.equal(permitted(all), effect === 'permit')
        assert.equal(permitted(bare), false)
      }
    }
  })

  it('are kept while they are in use, and the least used goes first', () => {
    const slots = new PreparedSlots('test-kept', 2)
    let prepared = 0
    const use = (owner: string) => slots.use(owner, () => preparation(`${++prepared}` && 'permit'))
    for (const owner of ['a', 'b', 'a', 'a', 'c', 'a']) use(owner)
    assert.equal(prepared, 3)
    use('b')
    assert.equal(prepared, 4)
  })

  it('lose nothing when one cannot be prepared', () => {
    const slots = new PreparedSlots('test-broken', 2)
    for (let i = 0; i < 5; i++) {
      assert.throws(() => slots.use('broken', () => preparation('allow')))
    }
    for (const owner of ['a', 'b'])
      assert.ok(permitted(slots.use(owner, () => preparation('permit')).all))
  })
})
