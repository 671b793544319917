import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Problem } from '../lib/problem.ts'
import { type BodyKind, parseBody } from './parse-body.ts'

describe('M1: a body of another type than the operation takes', () => {
  const FORM = 'application/x-www-form-urlencoded'
  const refused = (kind: BodyKind, type: string, detail: RegExp) =>
    assert.throws(
      () => parseBody(Buffer.from('a=1'), type, kind),
      (error: unknown) =>
        error instanceof Problem &&
        error.code === 'request.unsupported_media_type' &&
        detail.test(error.detail),
    )

  it('is refused with the type that is taken', () => {
    refused({ as: 'json' }, FORM, /^this operation takes `application\/json`$/)
    refused({ as: 'form' }, 'application/json', /takes `application\/x-www-form-urlencoded`/)
    const media = ['application/merge-patch+json']
    refused({ as: 'json', media }, 'application/json', /takes `application\/merge-patch\+json`/)
  })

  it('is refused with what helps where an earlier import could not tell the type', () => {
    refused({ as: 'json', isUnknown: true }, FORM, /import the description of the API again/)
    const json = parseBody(Buffer.from('[]'), 'application/json', { as: 'json', isUnknown: true })
    assert.deepEqual(json, [])
  })
})
