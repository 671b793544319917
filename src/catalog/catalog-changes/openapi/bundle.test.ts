import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { planImport } from '../../catalog/testing.ts'
import { bundleDocument } from './bundle.ts'

const OPTIONS = { name: 'droplets', identifier: 'http://127.0.0.1:7481/droplets' } as const

/** A description in several files, as large APIs have them. */
const FILES: Readonly<Record<string, string>> = {
  'api.yaml': `openapi: 3.0.3
info: { title: Droplets, version: '1' }
servers: [{ url: 'https://api.example' }]
paths:
  /droplets:
    get: { $ref: 'resources/droplets/list.yml' }
    post: { $ref: 'resources/droplets/create.yml' }
  /droplets/{id}:
    $ref: resources/droplets/one.yml
components: { schemas: { Size: { type: integer, maximum: 64 } } }
`,
  'resources/droplets/list.yml': `operationId: list
parameters: [{ $ref: '../../shared/page.yml#/page' }]
responses: { '200': { description: ok } }
`,
  'resources/droplets/create.yml': `operationId: create
requestBody:
  required: true
  content: { application/json: { schema: { $ref: 'models/droplet.yml' } } }
responses: { '200': { description: ok } }
`,
  'resources/droplets/one.yml': `delete:
  operationId: destroy
  responses: { '204': { description: gone } }
`,
  'resources/droplets/models/droplet.yml': `type: object
required: [name, size]
properties:
  name: { type: string, maxLength: 100 }
  size: { $ref: '../../../api.yaml#/components/schemas/Size' }
  price: { type: number, maximum: 1.10 }
  parent: { $ref: '#/properties/child' }
  child: { $ref: 'droplet.yml' }
`,
  'shared/page.yml': `page: { name: page, in: query, schema: { type: integer } }
`,
}

const reader = (files: Readonly<Record<string, string>>) => async (path: string) => files[path]

describe('a description in several files', () => {
  it('is one document, circles included, and its operations have their arguments', async () => {
    const plan = planImport(await bundleDocument('api.yaml', reader(FILES)), OPTIONS)
    const kinds = (name: string) =>
      plan.actions
        .find((action) => action.name === name)
        ?.arguments.arguments.map((each) => `${each.name}: ${each.type.kind}`)
    assert.deepEqual(plan.notes, [])
    assert.deepEqual(kinds('droplets.list'), ['page: integer'])
    assert.deepEqual(kinds('droplets.create'), [
      'name: string',
      'size: integer',
      'price: decimal',
      'parent: untyped',
      'child: untyped',
    ])
    assert.deepEqual(kinds('droplets.destroy'), ['id: string'])
  })

  it('names operations whose file is not there, and never takes them for ones without arguments', () => {
    const main = FILES['api.yaml']?.replace('$ref: resources/droplets/one.yml', 'delete: {}')
    const { actions, notes } = planImport(main, OPTIONS)
    assert.deepEqual(
      actions.map(({ method, path }) => `${method} ${path}`),
      ['DELETE /droplets/{id}'],
    )
    assert.deepEqual(notes, [
      'GET /droplets is left out: it refers to something outside the document',
      'POST /droplets is left out: it refers to something outside the document',
      'parts of the description are in other files: `--openapi DIR` reads a directory',
    ])
  })

  it('is read from its directory only', async () => {
    for (const reference of [
      '../secret.yml',
      'resources/../../secret.yml',
      '%2e%2e/secret.yml',
      '/etc/passwd.yml',
      '..%2Fsecret.yml',
      '..\\\\secret.yml',
    ]) {
      const asked: string[] = []
      const main = `openapi: 3.0.3\npaths: { /a: { get: { $ref: "${reference}" } } }`
      const read = async (path: string) => {
        asked.push(path)
        return path === 'api.yaml' ? main : 'x: 1'
      }
      await assert.rejects(bundleDocument('api.yaml', read), {
        code: 'catalog.bad_document',
        detail: /leads out of the directory/,
      })
      assert.deepEqual(asked, ['api.yaml'], reference)
    }
  })

  it('asks no network: addresses stay as they are, and the import names them', async () => {
    const main = `openapi: 3.0.3
paths:
  /a: { get: { $ref: 'https://evil.example/a.yml' } }
  /b: { get: { $ref: '//evil.example/b.yml' } }
  /c: { get: { responses: {} } }
`
    const asked: string[] = []
    const text = await bundleDocument('api.yaml', async (path) => {
      asked.push(path)
      return path === 'api.yaml' ? main : undefined
    })
    assert.deepEqual(asked, ['api.yaml'])
    const { actions, notes } = planImport(text, { ...OPTIONS, upstream: 'https://api.example' })
    assert.equal(actions.length, 1)
    assert.match(notes.join('\n'), /GET \/a is left out: it refers to something outside/)
    assert.match(notes.join('\n'), /GET \/b is left out: it refers to something outside/)
  })

  it('ends, however many files refer to each other', async () => {
    const read = async (path: string) => {
      const n = Number(/\d+/.exec(path)?.[0] ?? 0)
      return `{"openapi":"3.0.3","a":{"$ref":"f${n + 1}.json"},"b":{"$ref":"f${n + 2}.json"}}`
    }
    await assert.rejects(bundleDocument('f0.json', read), {
      code: 'catalog.bad_document',
      detail: /more than 5000 files/,
    })
    const ring = async (path: string) =>
      path === 'f0.json' ? '{"a":{"$ref":"f1.json"}}' : '{"b":{"$ref":"f0.json"},"c":{"$ref":"#"}}'
    assert.equal(
      await bundleDocument('f0.json', ring),
      '{"a":{"$ref":"#/x-remit-files/f1.json"},"x-remit-files":{"f1.json":{"b":{"$ref":"#"},"c":{"$ref":"#/x-remit-files/f1.json"}}}}',
    )
  })
})
