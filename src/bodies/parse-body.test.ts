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

describe('W10: a long body', () => {
  it('is read over many turns, in which others get theirs, and whoever goes on with it has one of its own', async () => {
    const members = Array.from({ length: 60_000 }, (_, i) => `"m${i}":1`)
    const pairs = Array.from({ length: 9_000 }, (_, i) => `name${i}=1`)
    const bodies = [
      [`{${members}}`, 'application/json', { as: 'json' }, 30],
      [pairs.join('&'), 'application/x-www-form-urlencoded', { as: 'form' }, 7],
    ] as const
    for (const [text, type, kind, least] of bodies) {
      let turns = 0
      let isRead = false
      const other = () => {
        turns++
        if (!isRead) setImmediate(other)
      }
      setImmediate(other)
      await parseBody(Buffer.from(text), type, kind)
      isRead = true
      assert.ok(turns >= least, `${turns} turns of ${kind.as}`)
    }
  })

  it('does not wait where it is short', () => {
    const text = `{"a":"${'b'.repeat(65_000)}"}`
    assert.ok(!(parseBody(Buffer.from(text), 'application/json') instanceof Promise))
  })
})
