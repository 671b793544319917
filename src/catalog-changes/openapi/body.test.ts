import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { onlyAction, operationDocument, planImport } from '../../catalog/testing.ts'

const OPTIONS = { name: 'things', identifier: 'http://127.0.0.1:7481/things' } as const

function bodyOf(content: object) {
  const document = operationDocument({ requestBody: { required: true, content } })
  const { arguments: schema } = onlyAction(planImport(document, OPTIONS))
  const given = schema.arguments.filter(({ place }) => place === 'body')
  return { ...schema.body, types: given.map(({ name, type }) => [name, type.kind]) }
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
    for (const type of [
      'application/merge-patch+json',
      'application/*',
      'multipart/mixed',
      'message/rfc822',
      'application/json; charset=utf-8',
      'nonsense',
    ])
      assert.equal(bodyOf({ [type]: {} }).form, 'opaque', type)
  })

  it('keeps binary values of JSON without a type', () => {
    assert.deepEqual(bodyOf({ 'application/json': object({ file: binary }) }).types, [
      ['file', 'untyped'],
    ])
  })
})
