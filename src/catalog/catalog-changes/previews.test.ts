import assert from 'node:assert/strict'
import { it, test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { selectActions } from '../catalog/catalog-store.ts'
import { catalogParts, jsonBody, planImport } from '../catalog/testing.ts'
import { applyImport } from './import/apply-import.ts'
import { setPreview } from './previews.ts'

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
})
