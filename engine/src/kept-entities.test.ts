import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actionStore, CheckedPolicies, compilePolicies } from './cedar/index.ts'
import { keepEntities } from './kept-entities.ts'
import type { PolicyEntity } from './policy.ts'

const SAM: PolicyEntity = { uid: { type: 'Person', id: 'sam' }, attributes: {}, parents: [] }
const NO_SHAPE = { kind: 'record', fields: new Map() } as const

test('what is made of entities is kept from call to call where they are marked, and else within a call', () => {
  const policies = new CheckedPolicies(
    compilePolicies({ staticPolicies: {} }),
    {
      request: () => {
        throw new Error('nothing is asked')
      },
      entities: new Map([
        ['Person', { attributes: NO_SHAPE, tags: undefined, parents: new Set() }],
      ]),
    },
    actionStore([]),
  )
  const once = [SAM]
  const often = keepEntities([SAM])
  const [first, second] = [policies.storeOf(once), policies.storeOf(often)]
  assert.equal(policies.storeOf(often), second)
  assert.notEqual(policies.storeOf(once), first)
  assert.equal(policies.storeOf(once), policies.storeOf(once))
  assert.equal(policies.storeOf(often), second)
})
