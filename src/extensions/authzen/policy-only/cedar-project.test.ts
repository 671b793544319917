import assert from 'node:assert/strict'
import { test } from 'node:test'
import { catalogParts } from '../../../catalog/catalog/testing.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { checkOnlySet } from './check-set.ts'
import { namePolicies } from './name-policies.ts'
import { OnlySets } from './only-sets.ts'
import { publishOnlySet } from './publish-set.ts'
import { findOnlySet } from './set-store.ts'

/** A small project as Cedar's own tools take it: actions among the entities, policies without ids, annotations of somebody else. */
const PROJECT = {
  schema: `entity Team;
entity Person in [Team] = { level: Long, joined?: duration, quota?: decimal };
entity Album;
entity Picture in [Album] = { owner: Person, shown?: decimal };
action read appliesTo { principal: Person, resource: Picture };
action see in [read] appliesTo { principal: Person, resource: Picture };
action erase appliesTo { principal: Person, resource: Picture };
`,
  policies: `// whoever owns a picture
permit (principal, action, resource) when { resource.owner == principal };

@severity("low") @reviewed
permit (principal in Team::"friends", action in Action::"read", resource in Album::"trips");
@id("nobody-erases-shared")
forbid (principal, action == Action::"erase", resource in Album::"trips");
`,
  entities: JSON.stringify([
    {
      uid: { type: 'Person', id: 'ann' },
      attrs: { level: 3, quota: { __extn: { fn: 'decimal', arg: '0000000000000012.5' } } },
      parents: [{ type: 'Team', id: 'friends' }],
    },
    {
      uid: { __entity: { type: 'Person', id: 'bob' } },
      attrs: { level: 1, joined: '9223372036854775807ms' },
      parents: [],
    },
    { uid: { type: 'Team', id: 'friends' }, attrs: {}, parents: [] },
    { uid: { type: 'Album', id: 'trips' }, attrs: {}, parents: [] },
    {
      uid: { type: 'Picture', id: 'sea.jpg' },
      attrs: { owner: { __entity: { type: 'Person', id: 'bob' } } },
      parents: [{ type: 'Album', id: 'trips' }],
    },
    { uid: { type: 'Action', id: 'read' }, attrs: {}, parents: [] },
    { uid: { type: 'Action', id: 'see' }, attrs: {}, parents: [{ type: 'Action', id: 'read' }] },
    { uid: { type: 'Action', id: 'erase' }, attrs: {}, parents: [] },
  ]),
}

const ask = (subject: string, action: string) => ({
  subject: { type: 'Person', id: subject },
  action: { name: action },
  resource: { type: 'Picture', id: 'sea.jpg' },
})

forEachEngine('a project of Cedar', (open) => {
  test('is published as it is, and answers', async () => {
    const parts = await catalogParts(await open())
    const { warnings } = await publishOnlySet(parts, {
      ...PROJECT,
      name: 'pictures',
      note: '',
      by: 'psn_ada',
    })
    const told = warnings.map(({ message }) => message)
    assert.ok(told.includes('2 without an `@id`: ids were made of their texts'), told.join('\n'))
    assert.ok(told.includes('`@severity` is not an annotation that is known here'))
    assert.ok(told.includes('`@reviewed` is not an annotation that is known here'))
    const { set } = await new OnlySets(parts).current('pictures')
    const permitted = (subject: string, action: string) =>
      set.evaluate(ask(subject, action), false).permitted
    assert.deepEqual(
      [permitted('ann', 'see'), permitted('ann', 'erase'), permitted('bob', 'see')],
      [true, false, true],
    )
    assert.equal(permitted('bob', 'erase'), false)
    const kept = await findOnlySet(parts.storage.read, 'pictures', 1)
    assert.match(kept?.policies ?? '', /^@id\("policy-[0-9a-f]{12}"\) permit \(principal, action/m)
    assert.match(kept?.policies ?? '', /@severity\("low"\)/, 'annotations of others are kept')
  })
})

test('an id that is made stays the same when other policies come and go, and the text keeps its lines', () => {
  const [one, two] = [
    'permit (principal, action, resource);',
    'forbid (principal, action, resource);',
  ]
  const ids = (text: string) =>
    Array.from(namePolicies(text).text.matchAll(/@id\("([^"]+)"\)/g), ([, id]) => id)
  const [first] = ids(one)
  assert.deepEqual(ids(`${two}\n${one}`).at(-1), first)
  assert.deepEqual(ids(`${one}\n${one}`), [first, `${first}-2`])
  assert.equal(namePolicies(PROJECT.policies).text.split('\n').length, 8)
  assert.equal(namePolicies('@id("a") permit (principal, action, resource);').made, 0)
})

const mistakes = (change: Partial<typeof PROJECT>) =>
  checkOnlySet({ ...PROJECT, ...change })
    .mistakes.map(({ message }) => message)
    .join('\n')
const withEntity = (entity: object) =>
  mistakes({ entities: JSON.stringify([...JSON.parse(PROJECT.entities), entity]) })

test('actions among the entities say no more than the schema', () => {
  const action = (id: string, rest: object = {}) => ({ uid: { type: 'Action', id }, ...rest })
  assert.match(withEntity(action('share')), /the schema has no such action/)
  assert.match(withEntity(action('erase', { attrs: { a: 1 } })), /neither attributes nor tags/)
  assert.match(
    withEntity(action('erase', { parents: [{ type: 'Action', id: 'read' }] })),
    /does not say that it is in/,
  )
})

test('a reference or a call that is not what the schema says is refused', () => {
  const person = (attrs: object) => ({ uid: { type: 'Person', id: 'eve' }, attrs, parents: [] })
  for (const attrs of [
    { level: { __extn: { fn: 'decimal', arg: '1.0' } } },
    { level: 1, quota: { __extn: { fn: 'ip', arg: '1.0' } } },
    { level: 1, quota: '9999999999999999.0' },
    { level: 1, joined: '9223372036854775808ms' },
    { level: 1, __entity: { type: 'Person', id: 'ann' } },
  ])
    assert.notEqual(withEntity(person(attrs)), '', JSON.stringify(attrs))
  const picture = (owner: object) => ({ uid: { type: 'Picture', id: 'x' }, attrs: { owner } })
  assert.match(withEntity(picture({ __entity: { type: 'Team', id: 'friends' } })), /owner/)
})
