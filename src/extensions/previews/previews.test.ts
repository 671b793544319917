import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Leaf } from '../../approvals/access-requests/index.ts'
import type { Action, CatalogView, Resource } from '../../catalog/catalog/index.ts'
import { planImport } from '../../catalog/catalog/testing.ts'
import type { McpPorts } from '../../edges/gateway/index.ts'
import { planPreview } from './preview-plan.ts'
import { readOverHttp } from './read-over-http.ts'

const path = (name: string) => ({ name, in: 'path', required: true, schema: { type: 'string' } })
const answers = { responses: { 200: { description: 'ok' } } }
const DOCUMENT = {
  openapi: '3.1.0',
  info: { title: 'Things', version: '1' },
  servers: [{ url: 'http://127.0.0.1:1' }],
  paths: {
    '/a/{x}/b': {
      get: { operationId: 'read', parameters: [path('x')], ...answers },
      delete: { operationId: 'erase', parameters: [path('x')], ...answers },
    },
    '/a/c/{x}': { get: { operationId: 'other', parameters: [path('x')], ...answers } },
  },
}
const plan = planImport(JSON.stringify(DOCUMENT), {
  name: 'things',
  identifier: 'http://127.0.0.1:2/things',
})
const resource = { ...plan.resource, mode: 'gateway', upstream: 'http://127.0.0.1:1' } as Resource // as: a resource that is stored
const named = (name: string) => {
  const found = plan.actions.find((action) => action.name === `things.${name}`)
  assert.ok(found)
  return found
}
const leaf = (at: string, text: string) => ({ path: at, text }) as Leaf // as: what a preview looks at

describe('previews', () => {
  it('E13: a value of a call never leads to another operation than the one that is named', async () => {
    const read = named('read')
    const asked: string[] = []
    const decide = async ({ action, sent }: { action?: Action; sent: { path: string } }) => {
      asked.push(`${action?.name} ${sent.path}`)
      return { state: 'unfetched', why: 'that is enough' } as never // as: what ends the preview
    }
    const fetched = (x: string) => {
      const wanted = {
        actions: plan.actions,
        resource,
        read,
        values: new Map([['x', leaf('/x', x)]]),
      }
      return readOverHttp(wanted, decide, {} as McpPorts) // as: nothing is sent
    }
    await fetched('plain')
    assert.deepEqual(asked, ['things.read /a/plain/b'])
    // `/a/c/b` is the other operation with `b`: what is decided on would not be what is sent.
    for (const x of ['c', '..', 'a/b']) await fetched(x)
    assert.equal(asked.length, 1, 'nobody is asked about another address')
  })

  it('E14: nothing is read for a call that was made by another definition of its action', () => {
    const erase = {
      ...named('erase'),
      preview: { action: 'things.read', arguments: { x: '/x' } },
    }
    const catalog = {
      actions: new Map([
        ['things.erase', erase],
        ['things.read', named('read')],
      ]),
      resources: new Map([['things', resource]]),
      actionsOf: () => plan.actions,
    } as unknown as CatalogView // as: all that a plan looks at
    const inspected = [leaf('/x', 'plain')]
    const planned = (definition: string) => {
      const members = [
        ...['"action":"things.erase"', '"body":{"kind":"none"}', '"chain":["a"]'],
        ...[`"definition":${JSON.stringify(definition)}`, '"headers":[]', '"method":"DELETE"'],
        ...['"path":"/a/plain/b"', '"person":"psn_a"', '"query":[]', '"resource":"things"'],
        ...['"task":"tsk_a"', '"upstream":"http://127.0.0.1:1"'],
      ]
      const call = `{${members.join()}}`
      return planPreview(catalog, {
        action: 'things.erase',
        resource: 'things',
        call,
        inspected,
      } as Parameters<typeof planPreview>[1]) // as: what a plan looks at
    }
    assert.ok('read' in planned(erase.digest))
    assert.ok(!('read' in planned('another')))
  })
})
