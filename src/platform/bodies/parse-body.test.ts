import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MAX_AT_ONCE, parseJsonInSteps } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'
import { type BodyKind, bodyReader, parseBody, parseJsonText } from './parse-body.ts'

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

  it('does not wait where it is short, to the byte', async () => {
    const turnsOf = (length: number) => {
      const text = `{"a":"${'b'.repeat(length - 8)}"}`
      return [parseBody(Buffer.from(text), 'application/json'), parseJsonText(text)]
    }
    for (const body of turnsOf(MAX_AT_ONCE)) assert.ok(!(body instanceof Promise))
    for (const body of turnsOf(MAX_AT_ONCE + 1)) {
      assert.ok(body instanceof Promise)
      await body
    }
  })

  it('of text in another document is followed by a turn of its own, too', async () => {
    const turnsOf = async (read: (text: string) => unknown) => {
      let turns = 0
      let isRead = false
      const other = () => {
        turns++
        if (!isRead) setImmediate(other)
      }
      setImmediate(other)
      await read(`"${'b'.repeat(MAX_AT_ONCE)}"`)
      isRead = true
      return turns
    }
    assert.ok((await turnsOf(parseJsonText)) > (await turnsOf((text) => parseJsonInSteps(text))))
  })
})

describe('a body', () => {
  it('of no bytes is none', () => {
    assert.equal(parseBody(Buffer.alloc(0), 'text/html'), undefined)
  })

  it('of a form with files, or of bytes, is read in pieces; another is not', () => {
    assert.equal(bodyReader({ as: 'json' }, 'application/json'), undefined)
    assert.equal(bodyReader({ as: 'form' }, 'application/json'), undefined)
    const refused = { code: 'request.unsupported_media_type' }
    assert.throws(() => bodyReader({ as: 'multipart' }, 'application/json'), refused)
    assert.throws(() => bodyReader({ as: 'bytes' }, 'image/png'), refused)
    assert.throws(() => bodyReader({ as: 'bytes', media: ['a/b'] }, 'image/png'), refused)
    assert.ok(bodyReader({ as: 'bytes', media: ['image/*'] }, 'image/png'))
    const form = Buffer.from(
      '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nc\r\n--b--\r\n',
    )
    const read = parseBody(form, 'multipart/form-data; boundary=b', { as: 'multipart' })
    assert.deepEqual(read, [['a', 'c']])
  })

  it('that is a text in another document is read as strictly', async () => {
    assert.deepEqual(parseJsonText('[true]'), [true])
    assert.throws(() => parseJsonText('[1'), { code: 'input.malformed' })
    const long = `["${'a'.repeat(70_000)}"]`
    const read = parseJsonText(long)
    assert.ok(read instanceof Promise)
    assert.deepEqual(await read, JSON.parse(long))
    await assert.rejects(async () => parseJsonText(`["${'a'.repeat(1024 * 1024)}"]`), {
      code: /^(input|request)\./,
    })
  })
})
