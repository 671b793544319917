import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compilePolicies } from './compile.ts'
import { entityStore } from './entities.ts'
import { withAttributes } from './overlay.ts'
import { entitiesFromJson, valueFromJson } from './value-json.ts'

const TOP = { type: 'Team', id: 'top' }
const SUB = { type: 'Team', id: 'sub' }
const ANN = { type: 'User', id: 'ann' }

const store = entityStore(
  entitiesFromJson([
    { uid: TOP, attrs: {}, parents: [] },
    { uid: SUB, attrs: {}, parents: [TOP] },
    { uid: ANN, attrs: { role: 'guest', site: 'bern' }, parents: [SUB], tags: { a: 'b' } },
  ]),
)
const change = (uid: { type: string; id: string }, json: object) => ({
  uid,
  attributes: new Map(Object.entries(json).map(([name, value]) => [name, valueFromJson(value)])),
})

test('what is changed is changed, and nothing else of it; the store itself stays', () => {
  const changed = withAttributes(store, [change(ANN, { role: 'admin' })])
  const ann = changed.get(ANN)
  assert.deepEqual(
    [...(ann?.attributes ?? [])],
    [
      ['role', 'admin'],
      ['site', 'bern'],
    ],
  )
  assert.equal(ann?.tags.get('a'), 'b')
  assert.ok(ann?.ancestors.has(TOP), 'also through what is not changed')
  assert.ok(changed.get(SUB)?.ancestors.has(TOP))
  assert.equal(store.get(ANN)?.attributes.get('role'), 'guest')
})

test('one that is not there has what was said of it, and is in nothing', () => {
  const changed = withAttributes(store, [change({ type: 'User', id: 'new' }, { role: 'admin' })])
  const made = changed.get({ type: 'User', id: 'new' })
  assert.equal(made?.attributes.get('role'), 'admin')
  assert.equal(made?.ancestors.all.length, 0)
  assert.equal(changed.get({ type: 'Team', id: 'new' }), undefined)
})

test('policies see it so', () => {
  const set = compilePolicies({
    staticPolicies: {
      p: {
        effect: 'permit',
        principal: { op: 'in', entity: TOP },
        action: { op: 'All' },
        resource: { op: 'All' },
        conditions: [
          {
            kind: 'when',
            body: {
              '==': {
                left: { '.': { left: { Var: 'principal' }, attr: 'role' } },
                right: { Value: 'admin' },
              },
            },
          },
        ],
      },
    },
  })
  const request = {
    principal: ANN,
    action: { type: 'Action', id: 'x' },
    resource: TOP,
    context: valueFromJson({}),
  }
  assert.equal(set.evaluate(request, store).permitted, false)
  const changed = withAttributes(store, [change(ANN, { role: 'admin' })])
  assert.equal(set.evaluate(request, changed).permitted, true)
})
