import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { Problem } from '../lib/problem.ts'
import { boundaryOf, isAmong, plainMediaType } from './media-type.ts'
import { parseBody } from './parse-body.ts'

describe('white space in media types', () => {
  const readers: Readonly<Record<string, (space: string) => unknown>> = {
    JSON: (space) => parseBody(Buffer.from('{}'), `application/json${space};${space}charset=utf-8`),
    form: (space) =>
      parseBody(
        Buffer.from('a=b'),
        `application/x-www-form-urlencoded${space};${space}charset=utf-8`,
        {
          as: 'form',
        },
      ),
    multipart: (space) => boundaryOf(`multipart/form-data${space};${space}boundary=b`),
    text: (space) => plainMediaType(`text/plain${space};${space}charset=utf-8`),
  }
  for (const [name, read] of Object.entries(readers)) {
    it(`NBSP: of ${name} is spaces and tabs, and nothing that another parser takes for a part of the type`, () => {
      for (const space of ['', ' ', '\t', ' \t ']) assert.ok(read(space))
      for (const space of ['\xa0', '\u2003', '\ufeff', '\v', '\f', '\n', '\u2028']) {
        let found: unknown
        try {
          found = read(space)
        } catch (error) {
          assert.ok(error instanceof Problem, String(error))
          assert.equal(error.code, 'request.unsupported_media_type')
        }
        assert.equal(found, undefined, JSON.stringify(space))
      }
    })
  }

  it('NBSP: no pattern of a media type says white space in general, here or in the SDKs', () => {
    const sources = [
      'src/**/*.ts',
      'sdk/src/**/*.ts',
      'engine/src/**/*.ts',
      'sdk-python/src/**/*.py',
    ]
    const files = sources
      .flatMap((each) => globSync(each))
      .filter((each) => !/\.test\.ts$/.test(each))
    assert.ok(files.length > 500)
    const found = files.flatMap((file) =>
      readFileSync(file, 'utf8')
        .split('\n')
        .filter((line) =>
          /(?:json|urlencoded|form-data|charset|boundary).*\\s|\\s.*(?:json|urlencoded|form-data|charset|boundary)/.test(
            line,
          ),
        )
        .map((line) => `${file}: ${line.trim()}`),
    )
    assert.deepEqual(found, [])
  })
})

describe('media types', () => {
  it('are a type and a subtype; what has parts of its own has no plain type', () => {
    assert.equal(plainMediaType('Image/SVG+xml'), 'image/svg+xml')
    assert.equal(plainMediaType('x-multipart/a'), 'x-multipart/a')
    for (const type of ['multipart/mixed', 'message/http', '', 'text', 'text/plain, a/b', '"a/b'])
      assert.equal(plainMediaType(type), undefined, type)
  })

  it('have a boundary only where they are exactly a form', () => {
    assert.equal(boundaryOf('Multipart/Form-Data; boundary="a-_9"'), 'a-_9')
    assert.equal(boundaryOf(`multipart/form-data;boundary=${'a'.repeat(70)}`), 'a'.repeat(70))
    for (const type of [
      'x, multipart/form-data; boundary=a',
      'multipart/form-data; boundary=a; boundary=b',
      'multipart/form-data; boundary=',
      'multipart/form-data',
      `multipart/form-data; boundary=${'a'.repeat(71)}`,
    ])
      assert.throws(() => boundaryOf(type), { code: 'request.unsupported_media_type' }, type)
  })

  it('are among those that are named, or whose type is named', () => {
    const accepted = ['text/csv', 'image/*']
    for (const type of ['text/csv', 'image/png']) assert.ok(isAmong(type, accepted), type)
    for (const type of ['text/csv2', 'text/plain', 'images/png', 'imag', 'a/image/'])
      assert.ok(!isAmong(type, accepted), type)
    assert.ok(!isAmong('text/csv', []))
  })
})
