import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { onlyAction, operationDocument, planImport } from '../../catalog/testing.ts'

const OPTIONS = { name: 'things', identifier: 'http://127.0.0.1:7481/things' } as const

function bodyOf(content: object) {
  const document = operationDocument({ requestBody: { required: true, content } })
  const plan = planImport(document, OPTIONS)
  const { arguments: schema } = onlyAction(plan)
  const given = schema.arguments.filter(({ place }) => place === 'body')
  const [uncallable] = plan.uncallable ?? []
  return {
    ...schema.body,
    types: given.map(({ name, type }) => [name, type.kind]),
    ...(uncallable ? { uncallable: uncallable.reason } : {}),
  }
}

/** Lists how each argument of the body is spelled. */
function spellings(content: object) {
  const document = operationDocument({ requestBody: { required: true, content } })
  const { arguments: schema } = onlyAction(planImport(document, OPTIONS))
  return schema.arguments.flatMap(({ place, spelled }) => (place === 'body' ? [spelled] : []))
}

const binary = { type: 'string', format: 'binary' }
const object = (properties: object) => ({ schema: { type: 'object', properties } })

describe('the body of an operation', () => {
  it('has fields and files where it is a multipart form', () => {
    const given = bodyOf({
      'multipart/form-data': object({
        title: { type: 'string' },
        file: binary,
        pages: { type: 'array', items: { type: 'string', contentMediaType: 'image/png' } },
        owner: { type: 'object', properties: { id: { type: 'string' } } },
        inline: { type: 'string', contentMediaType: 'image/png', contentEncoding: 'base64' },
      }),
    })
    assert.deepEqual(given, {
      ...{ form: 'multipart', required: true, open: false },
      types: [
        ['title', 'string'],
        ['file', 'record'],
        ['pages', 'set'],
        ['owner', 'untyped'],
        ['inline', 'string'],
      ],
    })
  })

  it('is one argument where it is text or bytes', () => {
    for (const media of [
      ['application/octet-stream'],
      ['image/*', 'application/pdf'],
      ['text/csv'],
    ])
      assert.deepEqual(
        bodyOf(Object.fromEntries(media.map((type) => [type, { schema: binary }]))),
        {
          ...{ form: 'bytes', required: true, open: false, media },
          types: [['body', 'record']],
        },
      )
  })

  it('has one kind: JSON before a form, a form before files, those before bytes', () => {
    const json = { 'application/json': object({ a: { type: 'string' } }) }
    const form = { 'application/x-www-form-urlencoded': object({ a: { type: 'string' } }) }
    const multipart = { 'multipart/form-data': object({ a: binary }) }
    const bytes = { 'image/png': {} }
    assert.equal(bodyOf({ ...bytes, ...multipart, ...form, ...json }).form, 'members')
    assert.equal(bodyOf({ ...bytes, ...multipart, ...form }).form, 'form')
    assert.equal(bodyOf({ ...bytes, ...multipart }).form, 'multipart')
  })

  it('is not typed where bytes could be JSON, or be made of parts', () => {
    for (const type of ['multipart/mixed', 'message/rfc822', 'nonsense']) {
      const { form, ...read } = bodyOf({ [type]: {} })
      assert.equal(form, 'opaque', type)
      assert.match(read.uncallable ?? '', /cannot be read: the body is not JSON/)
    }
  })

  it('M1: is JSON under another type of JSON, which is then the one that is taken', () => {
    const text = { a: { type: 'string' } }
    const merged = bodyOf({ 'application/merge-patch+json': object(text) })
    assert.deepEqual([merged.form, merged.media], ['members', ['application/merge-patch+json']])
    for (const type of ['application/*', 'application/json; charset=utf-8', 'Application/JSON']) {
      const read = bodyOf({ [type]: object(text) })
      assert.deepEqual([read.form, read.media], ['members', undefined], type)
    }
    const both = { 'application/x.a+json': object(text), ...{ 'image/png': {} } }
    assert.equal(bodyOf(both).form, 'bytes')
  })

  it('M1: has the fields of a form whatever `encoding` repeats of the defaults', () => {
    for (const encoding of [
      undefined,
      {},
      { other: { style: 'deepObject' } },
      { a: {}, list: { style: 'form', explode: true } },
      { a: { contentType: 'text/plain' }, list: { allowReserved: false } },
    ]) {
      const { form, types } = bodyOf({
        'application/x-www-form-urlencoded': {
          ...object({ a: { type: 'integer' }, list: { type: 'array', items: { type: 'string' } } }),
          ...(encoding ? { encoding } : {}),
        },
      })
      assert.deepEqual(
        { form, types },
        {
          form: 'form',
          types: [
            ['a', 'integer'],
            ['list', 'set'],
          ],
        },
      )
    }
  })

  it('M1: has records and lists with deepObject, and no type where a field has another spelling', () => {
    const list = { type: 'array', items: { type: 'string' } }
    const record = { type: 'object', properties: { id: { type: 'string' } } }
    const content = {
      'application/x-www-form-urlencoded': {
        ...object({
          list,
          record,
          plain: record,
          piped: list,
          joined: list,
          json: list,
          odd: record,
        }),
        encoding: {
          list: { style: 'deepObject', explode: true },
          record: { style: 'deepObject' },
          piped: { style: 'pipeDelimited' },
          joined: { explode: false },
          json: { contentType: 'application/json' },
          odd: { style: 'deepObject', explode: false },
        },
      },
    }
    const { types } = bodyOf(content)
    assert.deepEqual(types, [
      ['list', 'set'],
      ['record', 'record'],
      ...['plain', 'piped', 'joined', 'json', 'odd'].map((name) => [name, 'untyped']),
    ])
    assert.deepEqual(spellings(content), [
      'brackets',
      'brackets',
      'any',
      undefined,
      undefined,
      'any',
      'any',
    ])
  })

  it('M1: passes on all of a form that is no object with fields', () => {
    for (const schema of [undefined, { type: 'object' }, { type: 'string' }])
      assert.deepEqual(bodyOf({ 'application/x-www-form-urlencoded': { schema } }), {
        ...{ form: 'form', required: true, open: true, types: [] },
      })
  })

  it('M1: keeps files out of names with brackets', () => {
    const nested = { type: 'object', properties: { file: binary } }
    const { types } = bodyOf({
      'multipart/form-data': {
        ...object({ nested, file: binary }),
        encoding: { nested: { style: 'deepObject' }, file: { contentType: 'image/png' } },
      },
    })
    assert.deepEqual(types, [
      ['nested', 'untyped'],
      ['file', 'record'],
    ])
  })

  it('M1: says where a body that may be left out is needed all the same', () => {
    const noted = (required: readonly string[]) => {
      const schema = { type: 'object', required, properties: { name: { type: 'string' } } }
      const requestBody = { content: { 'application/json': { schema } } }
      return planImport(operationDocument({ requestBody }), OPTIONS).notes
    }
    assert.deepEqual(noted([]), [])
    assert.match(noted(['name']).join(), /cannot be called without a body: each has to have `name`/)
  })

  it('M1: names every operation that requires what callers cannot send', () => {
    const of = (parameters: object[], rest: object = {}) =>
      planImport(operationDocument({ parameters }, rest), OPTIONS).uncallable?.map(
        (each) => each.reason,
      )
    const header = (name: string) => ({ in: 'header', name, required: true, schema: {} })
    assert.match(String(of([header('Notion-Version')])), /requires the header `Notion-Version`/)
    assert.match(String(of([{ ...header('sid'), in: 'cookie' }])), /requires the cookie `sid`/)
    assert.equal(of([header('Idempotency-Key'), header('Authorization')]), undefined)
    assert.equal(of([{ ...header('Notion-Version'), required: false }]), undefined)
    const securitySchemes = { key: { type: 'apiKey', in: 'header', name: 'X-Key' } }
    assert.equal(of([header('x-key')], { components: { securitySchemes } }), undefined)
  })

  it('keeps binary values of JSON without a type', () => {
    assert.deepEqual(bodyOf({ 'application/json': object({ file: binary }) }).types, [
      ['file', 'untyped'],
    ])
  })
})
