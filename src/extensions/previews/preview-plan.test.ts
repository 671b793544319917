import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Leaf } from '../../approvals/access-requests/index.ts'
import type { Action, CatalogView, Resource } from '../../catalog/catalog/index.ts'
import { planImport } from '../../catalog/catalog/testing.ts'
import type { PreviewAnswer } from '../../tasks/approval-desk/index.ts'
import { type PreviewPlan, planPreview } from './preview-plan.ts'

const parameter = (name: string, where: string, required: boolean) => ({
  ...{ name, in: where, required },
  schema: { type: 'string' },
})
const { actions, resource } = planImport(
  {
    openapi: '3.1.0',
    info: { title: 'Things', version: '1' },
    servers: [{ url: 'https://things.example' }],
    paths: {
      '/things/{id}': {
        parameters: [parameter('id', 'path', true)],
        get: {
          ...{ operationId: 'read', responses: {} },
          parameters: [parameter('view', 'query', false)],
        },
        head: { operationId: 'look', responses: {} },
        delete: { operationId: 'erase', responses: {} },
      },
    },
  },
  { name: 'things', identifier: 'https://gateway.example/things' },
)
const THINGS = { ...resource, mode: 'gateway', status: 'active' } as Resource // as: a resource that is stored
const named = (name: string): Action => {
  const found = actions.find((action) => action.name === `things.${name}`)
  return found ?? assert.fail(name)
}
const READ = named('read')
const PREVIEW = { action: 'things.read', arguments: { id: '/id', view: '/kind' } }
const ERASE: Action = { ...named('erase'), preview: PREVIEW }
const leaf = (path: string) => ({ path, kind: 'string', text: 'x' }) as Leaf // as: a leaf of a text

interface StatedCall {
  readonly action?: Partial<Action>
  readonly read?: Partial<Action> | null
  readonly resource?: Partial<Resource> | null
  readonly inspected?: readonly Leaf[] | null
  readonly definition?: string
}

/** Plan for a call that erases a thing, but for what is said. */
function plan(given: StatedCall = {}): PreviewPlan | PreviewAnswer {
  const erase = { ...ERASE, ...given.action }
  const read = given.read === null ? [] : [{ ...READ, ...given.read }]
  const there = given.resource === null ? [] : [{ ...THINGS, ...given.resource }]
  const catalog = {
    actions: new Map([erase, ...read].map((each) => [each.name, each])),
    resources: new Map(there.map((each) => ['things', each])),
    actionsOf: () => actions,
  } as unknown as CatalogView // as: all that a plan looks at
  const members = [
    ...['"action":"things.erase"', '"body":{"kind":"none"}', '"chain":["a"]'],
    ...[`"definition":${JSON.stringify(given.definition ?? ERASE.digest)}`, '"headers":[]'],
    ...['"method":"DELETE"', '"path":"/things/x"', '"person":"psn_a"', '"query":[]'],
    ...['"resource":"things"', '"task":"tsk_a"', '"upstream":"https://things.example"'],
  ]
  return planPreview(catalog, {
    ...{ action: 'things.erase', resource: 'things', call: `{${members.join()}}` },
    inspected: given.inspected === undefined ? [leaf('/id')] : given.inspected,
  })
}

function whyNot(given: StatedCall): string {
  const answer = plan(given)
  assert.ok('state' in answer && answer.state === 'unfetched')
  return answer.why
}

test('a preview reads with the values of the call, by the names that they have there', () => {
  const planned = plan({ inspected: [leaf('/id'), leaf('/kind'), leaf('/more')] })
  assert.ok('read' in planned)
  assert.deepEqual(planned.read, READ)
  assert.deepEqual(planned.resource, THINGS)
  assert.equal(planned.actions, actions)
  assert.deepEqual([...planned.values.keys()], ['id', 'view'])
  assert.deepEqual(planned.values.get('view'), leaf('/kind'))
})

test('a preview is of an action that the catalog names, of the same API, and only reads', () => {
  const words = 'the catalog names no action for it'
  for (const given of [
    { action: { preview: undefined } },
    { action: { name: 'things.other' } },
    { read: null },
    { resource: null },
    { read: { resource: 'others' } },
    { read: { method: 'HEAD' } },
    { read: { method: 'POST' } },
    { action: { preview: { ...PREVIEW, action: 'things.erase' } } },
  ])
    assert.equal(whyNot(given), words, JSON.stringify(given))
  assert.ok('read' in plan({ read: { method: 'tools/call' } }))
})

test('nothing is read for a call of another definition, or of an API that Remit does not call', () => {
  const changed = whyNot({ definition: 'another' })
  assert.equal(changed, 'the definition of the action has changed since the call was made')
  assert.equal(whyNot({ resource: { mode: 'direct' } }), 'Remit does not call this API itself')
})

test('a value that is needed has to be in the call, and have a type', () => {
  const words = 'not all that it needs is in the call, or has a type'
  for (const inspected of [null, [], [leaf('/kind')]]) assert.equal(whyNot({ inspected }), words)
  const [id = assert.fail()] = READ.arguments.arguments
  const read = (over: Partial<typeof id>) => ({
    arguments: { ...READ.arguments, arguments: [{ ...id, ...over }] },
  })
  assert.ok('read' in plan({ inspected: [], read: read({ required: false }) }))
  assert.ok('read' in plan({ inspected: [], read: read({ nullable: true }) }))
  assert.equal(whyNot({ inspected: [], read: read({}) }), words)
})
