import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../../platform/lib/problem.ts'
import { readEntities } from './entities.ts'
import { ONLY_LIMITS } from './only-set.ts'
import { readShape } from './shape.ts'

const SHAPE = readShape(`
entity Team in [Team];
entity User in [Team] = { level: Long, nick?: String } tags String;
entity ActionLog;
entity Colour enum ["red", "blue"];
action read, write;
action see in [read] appliesTo { principal: User, resource: Team };
action peek in [see] appliesTo { principal: User, resource: Team };
namespace Shop { action buy; }
`)

const ann = { uid: { type: 'User', id: 'ann' }, attrs: { level: 1 } }
const team = (id: string, ...parents: readonly string[]) => ({
  uid: { type: 'Team', id },
  parents: parents.map((each) => ({ type: 'Team', id: each })),
})
const action = (id: string, over: object = {}) => ({ uid: { type: 'Action', id }, ...over })

function refusal(list: unknown): string {
  try {
    readEntities(typeof list === 'string' ? list : JSON.stringify(list), SHAPE)
  } catch (error) {
    assert.ok(error instanceof Problem)
    assert.equal(error.code, 'policy_set.invalid')
    const message = error.detail.replace(/^the entities: /, '')
    assert.deepEqual(error.members.mistakes, [{ part: 'entities', message }])
    return message
  }
  return assert.fail('it was read')
}

test('entities are read as the schema types them', () => {
  const list = [
    { ...ann, parents: [{ __entity: { type: 'Team', id: 'a' } }], tags: { room: '7' } },
    { uid: { __entity: { type: 'Colour', id: 'red' } } },
  ]
  assert.deepEqual(readEntities(JSON.stringify(list), SHAPE), [
    {
      ...{ uid: { type: 'User', id: 'ann' }, attrs: { level: 1 }, tags: { room: '7' } },
      parents: [{ type: 'Team', id: 'a' }],
    },
    { uid: { type: 'Colour', id: 'red' }, attrs: {}, parents: [], tags: {} },
  ])
  assert.deepEqual(readEntities('[]', SHAPE), [])
  // Only `Action` itself is the type of actions.
  const log = { uid: { type: 'ActionLog', id: 'a' } }
  assert.equal(readEntities(JSON.stringify([log]), SHAPE).length, 1)
})

test('a text that is no list of entities is refused', () => {
  assert.equal(refusal('{'), 'expected a member name at 1')
  assert.equal(refusal('{}'), 'a list is needed')
  assert.equal(refusal([1]), 'entity 0 is no object')
  assert.equal(refusal([{ ...ann, more: 1 }]), 'entity 0: `more` is not known')
  const many = (count: number) => Array.from({ length: count }, (_, i) => team(String(i)))
  const most = ONLY_LIMITS.entities
  assert.equal(readEntities(JSON.stringify(many(most)), SHAPE).length, most)
  assert.equal(refusal(many(most + 1)), `more than ${most}`)
  assert.notEqual(refusal(`[${' '.repeat(ONLY_LIMITS.entityBytes)}]`), 'it was read')
})

test('an entity has a type and an id, of which the schema knows', () => {
  const needed = 'entity 0: `{"type","id"}` is needed'
  for (const uid of [
    undefined,
    'ann',
    null,
    {},
    { type: 'User' },
    { id: 'ann' },
    { type: 1, id: 'ann' },
    { __entity: 'ann' },
    { __entity: { type: 'User' } },
    { __entity: { type: 'User', id: 'ann' }, more: 1 },
  ])
    assert.equal(refusal([{ uid }]), needed, JSON.stringify(uid))
  assert.match(refusal([{ uid: { type: 'Ship', id: 'a' } }]), /the schema has no such type$/)
  const green = { uid: { type: 'Colour', id: 'green' } }
  assert.equal(refusal([green]), 'entity 0 (Colour::"green"): the schema does not list it')
})

test('an entity is there once', () => {
  assert.equal(refusal([ann, ann]), 'User::"ann" is a duplicate')
  readEntities(JSON.stringify([ann, { ...ann, uid: { type: 'User', id: 'bob' } }]), SHAPE)
})

test('attributes and tags are those of the schema', () => {
  const told = (over: object) => refusal([{ ...ann, ...over }])
  assert.equal(told({ attrs: {} }), 'entity 0 (User::"ann"): `/level` is missing')
  assert.equal(told({ attrs: undefined }), 'entity 0 (User::"ann"): `/level` is missing')
  assert.equal(told({ attrs: { level: null } }), 'entity 0 (User::"ann"): `/level` is missing')
  assert.match(told({ attrs: { level: 'x' } }), /`\/level` has to be a whole number$/)
  assert.match(told({ attrs: { level: 1, more: 1 } }), /`\/more` is not in the schema$/)
  assert.match(told({ attrs: [] }), /`attrs` is no object$/)
  assert.match(told({ tags: 1 }), /`tags` is no object$/)
  assert.match(told({ tags: { a: 1 } }), /`\/a` has to be a text$/)
  assert.match(told({ tags: { a: 'x', __b: 'x' } }), /begins with two underscores$/)
  assert.match(refusal([{ ...team('a'), tags: { a: 'x' } }]), /`tags` are not in the schema$/)
  readEntities(JSON.stringify([{ ...team('a'), tags: {} }]), SHAPE)
})

test('parents are of a type that the schema allows, and lead nowhere back', () => {
  const colour = [{ type: 'Colour', id: 'red' }]
  const wrong = refusal([{ ...ann, parents: colour }])
  assert.equal(wrong, 'entity 0 (User::"ann"): it cannot be in a `Colour`')
  const noList = refusal([{ ...ann, parents: {} }])
  assert.equal(noList, 'entity 0 (User::"ann"): `parents` is no list')
  const noUid = refusal([{ ...ann, parents: ['a'] }])
  assert.equal(noUid, 'entity 0 (User::"ann"), a parent: `{"type","id"}` is needed')
  assert.match(refusal([team('a', 'a')]), /^the parents of Team::"a" lead back to it$/)
  assert.match(
    refusal([team('x'), team('a', 'b'), team('b', 'c', 'x'), team('c', 'a')]),
    /lead back/,
  )
  const diamond = [team('a', 'b', 'c'), team('b', 'd'), team('c', 'd'), team('d', 'elsewhere')]
  assert.equal(readEntities(JSON.stringify(diamond), SHAPE).length, 4)
})

test('an action among the entities says no more than the schema, and is no entity', () => {
  const known = [
    action('read'),
    action('see', { attrs: {}, tags: {}, parents: [{ type: 'Action', id: 'read' }] }),
    action('peek', {
      parents: [
        { type: 'Action', id: 'read' },
        { type: 'Action', id: 'see' },
      ],
    }),
    { uid: { type: 'Shop::Action', id: 'buy' } },
  ]
  assert.deepEqual(readEntities(JSON.stringify(known), SHAPE), [])
  assert.match(refusal([action('erase')]), /the schema has no such action$/)
  for (const over of [{ attrs: { a: 1 } }, { tags: { a: 'x' } }])
    assert.match(refusal([action('read', over)]), /actions have neither attributes nor tags$/)
  const above = { parents: [{ type: 'Action', id: 'write' }] }
  const said = refusal([action('see', above)])
  assert.match(said, /the schema does not say that it is in Action::"write"$/)
  assert.match(refusal([{ uid: { type: 'Reaction', id: 'a' } }]), /the schema has no such type$/)
})

test('an action is in the groups above it, also where those lead back to it', () => {
  const shape = readShape('action open in [close]; action close in [open]; action lock;')
  const within = (id: string) =>
    JSON.stringify([action('open', { parents: [{ type: 'Action', id }] })])
  for (const id of ['close', 'open']) assert.deepEqual(readEntities(within(id), shape), [])
  assert.throws(() => readEntities(within('lock'), shape), { code: 'policy_set.invalid' })
})
