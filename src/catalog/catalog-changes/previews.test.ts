import assert from 'node:assert/strict'
import { it, test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { selectActions } from '../catalog/catalog-store.ts'
import type { Action } from '../catalog/index.ts'
import { catalogParts, jsonBody, planImport } from '../catalog/testing.ts'
import { applyImport } from './import/apply-import.ts'
import { proposePreviews, setPreview } from './previews.ts'

const id = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
const at = { name: 'at', in: 'query', schema: { type: 'integer' } }
const things = { name: 'things', identifier: 'http://127.0.0.1:7481/things' }
const done = { 200: { description: 'done' } }
const body = jsonBody({
  type: 'object',
  properties: { of: { type: 'string' }, when: { type: 'integer' } },
})

function planWith(link: object) {
  const linked = { 200: { description: 'done', links: { thing: link } } }
  return planImport(
    {
      openapi: '3.1.0',
      info: { title: 'Things', version: '1' },
      servers: [{ url: 'https://things.example' }],
      paths: {
        '/things/{id}': {
          parameters: [id],
          get: { operationId: 'read', parameters: [at], responses: done },
          patch: { operationId: 'change', ...body, responses: done },
          post: { operationId: 'copy', responses: done },
          head: { operationId: 'glance', responses: done },
        },
        '/found': {
          get: { operationId: 'find', ...body, responses: done },
        },
        '/moves': { post: { operationId: 'move', ...body, responses: linked } },
      },
    },
    things,
  )
}

function previewsOf(link: object) {
  const { actions } = planWith(link)
  return Object.fromEntries(
    actions.flatMap(({ name, preview }) => (preview ? [[name, preview] as const] : [])),
  )
}

const SAME = { 'things.change': { action: 'things.read', arguments: { id: '/id' } } }

it('a preview is proposed from the same path, and from links that need only the call', () => {
  const parameters = { id: '$request.body#/of', 'query.at': '$request.body#/when' }
  const linked = { action: 'things.read', arguments: { id: '/of', at: '/when' } }
  for (const target of [{ operationId: 'read' }, { operationRef: '#/paths/~1things~1{id}/get' }])
    assert.deepEqual(previewsOf({ ...target, parameters }), { ...SAME, 'things.move': linked })
  for (const link of [
    { operationId: 'read', parameters: { id: '$response.body#/id' } },
    { operationId: 'read', parameters: { id: '$request.body#/when' } },
    { operationId: 'read', parameters: {} },
    { operationId: 'read', parameters: { id: '$request.body#/of', other: '$request.body#/of' } },
    { operationId: 'change', parameters: { id: '$request.body#/of' } },
    { operationId: 'nothing', parameters: { id: '$request.body#/of' } },
    { $ref: 'https://evil.example/link' },
  ])
    assert.deepEqual(previewsOf(link), SAME, JSON.stringify(link))
})

it('a preview is proposed only of what is there, at the same resource, and read by the word of an administrator', () => {
  const { actions } = planWith({})
  const [read = assert.fail(), move = assert.fail()] = ['things.read', 'things.move'].map((name) =>
    actions.find((each) => each.name === name),
  )
  const preview = { action: 'things.read', arguments: { id: '/of' } }
  const proposed = (changed: Partial<Action>, named = preview) =>
    proposePreviews([{ ...read, ...changed }, move], new Map([['things.move', [named]]])).find(
      ({ name }) => name === 'things.move',
    )?.preview
  assert.deepEqual(proposed({}), preview)
  assert.equal(proposed({}, { ...preview, action: 'things.nothing' }), undefined)
  assert.equal(proposed({ resource: 'others' }), undefined)
  // The hint of an MCP server is its own word. Arguments of a tool are in the body.
  const inBody = read.arguments.arguments.map((each) => ({ ...each, place: 'body' as const }))
  const tool = {
    method: 'tools/call',
    arguments: { ...read.arguments, arguments: inBody },
    definition: { kind: 'tool', tool: {} } as unknown as Action['definition'], // as: its kind is looked at alone
  }
  assert.deepEqual(proposed({ ...tool, riskProposed: false }), preview)
  assert.equal(proposed({ ...tool, riskProposed: true }), undefined)
  assert.equal(proposed({ method: 'POST' }), undefined, 'neither a GET operation nor a tool')
})

forEachEngine('previews of actions', (open) => {
  const by = 'operator'

  test('are what an administrator says, also after the API was imported again', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planWith({}), by)
    const stored = async (name: string) =>
      (await selectActions(parts.storage.read, 'things')).find((each) => each.name === name)
        ?.preview
    assert.deepEqual(await stored('things.change'), SAME['things.change'])
    await setPreview(parts, { action: 'things.change', preview: undefined, by })
    const preview = { action: 'things.read', arguments: { id: '/of' }, shows: 'result' } as const
    await setPreview(parts, { action: 'things.move', preview, by })
    await applyImport(parts, planWith({ description: 'again' }), by, { accept: true })
    assert.equal(await stored('things.change'), undefined, 'taken away stays taken away')
    assert.deepEqual(await stored('things.move'), preview)
    for (const wrong of [
      { action: 'things.change', arguments: { id: '/of' } },
      { action: 'things.read', arguments: {} },
      { action: 'things.read', arguments: { id: '/when' } },
      { action: 'things.read', arguments: { id: '/nothing' } },
      { action: 'things.read', arguments: { id: '/of', other: '/of' } },
    ])
      await assert.rejects(
        setPreview(parts, { action: 'things.move', preview: wrong, by }),
        { code: 'catalog.bad_preview' },
        JSON.stringify(wrong),
      )
    await assert.rejects(
      setPreview(parts, { action: 'things.move', preview: { ...preview, action: 'no.read' }, by }),
      { code: 'catalog.unknown_action' },
    )
    assert.deepEqual(await stored('things.move'), preview)
  })

  test('that cannot be fetched are refused with what is wrong, in few words', async () => {
    const parts = await catalogParts(await open())
    await applyImport(parts, planWith({}), by)
    const long = 'x'.repeat(300)
    for (const [action, given, words] of [
      ['things.change', { id: '/of' }, 'things.change may change something, or is not confirmed'],
      ['things.glance', { id: '/of' }, 'things.glance is neither a GET operation nor an MCP tool'],
      ['things.read', { [long]: '/of' }, `things.read has no argument \`${long.slice(0, 200)}\``],
      ['things.read', {}, 'things.read needs the argument `id`'],
      [
        'things.read',
        { id: `/${long}` },
        `\`/${long.slice(1, 200)}\` does not lead to an argument`,
      ],
      ['things.find', { of: '/of' }, '`of` would be in the body of a GET operation'],
    ] as const)
      await assert.rejects(
        setPreview(parts, { action: 'things.move', preview: { action, arguments: given }, by }),
        ({ code, detail }: { code: string; detail: string }) =>
          code === 'catalog.bad_preview' &&
          detail.startsWith(`things.move has no such preview: ${words}`),
        words,
      )
    // A member of a body that a GET operation would have is not needed either.
    const whole = { action: 'things.find', arguments: {} }
    await setPreview(parts, { action: 'things.move', preview: whole, by })
    await setPreview(parts, { action: 'things.move', preview: undefined, by })
    assert.deepEqual(
      parts.events.filter(({ type }) => type === 'action.preview_set').map(({ facts }) => facts),
      [
        { preview: 'things.find', before: null },
        { preview: null, before: 'things.find' },
      ],
    )
  })
})
