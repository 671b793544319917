import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import fc from 'fast-check'
import { nesting, offsetOfByte, positionAt, positionsAt, splitPolicies } from './policy-text.ts'

function texts(text: string): string[] {
  return splitPolicies(text).map((piece) => piece.text)
}

describe('cutting a text into policies', () => {
  it('knows strings and comments', () => {
    const first = '@id("a;b // \\"c;") permit (principal, action, resource) // not; here\n;'
    const second = 'permit (principal, action, resource);'
    assert.deepEqual(texts(`// one; "two\n${first}// three\n  ${second} // "four;`), [
      first,
      second,
    ])
  })

  it('ends a comment where Cedar does, so that no policy disappears in one', () => {
    const policy = 'forbid (principal, action, resource);'
    assert.deepEqual(texts(`// note\r${policy}`), [policy])
    assert.deepEqual(cedar.policySetTextToParts(`// note\r${policy}`), {
      type: 'success',
      policies: [policy],
      policy_templates: [],
    })
  })

  it('keeps what is not closed as a piece, so that it is refused', () => {
    assert.deepEqual(texts('permit (principal'), ['permit (principal'])
    assert.deepEqual(texts('@id("a'), ['@id("a'])
    assert.deepEqual(texts(';;'), [';', ';'])
    assert.deepEqual(texts(' // nothing'), [])
  })

  it('sees what Cedar sees', () => {
    const part = fc.constantFrom(
      '@id("a")',
      'permit (principal, action, resource)',
      'forbid (principal, action, resource) when { context.x == ";" }',
      ';',
      '"',
      '\\"',
      '//',
      '\n',
      '\r',
      ' ',
      '\u2028',
      '/*',
      '*/',
    )
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 12 }).map((parts) => parts.join('')),
        (text) => {
          const whole = cedar.policySetTextToParts(text)
          if (whole.type !== 'success') return
          assert.deepEqual(texts(text).toSorted(), whole.policies.toSorted())
        },
      ),
      { numRuns: 3000 },
    )
  })

  it('tells where things are, counting characters', () => {
    const text = 'a\n😀 x'
    assert.deepEqual(positionAt(text, text.indexOf('x')), { line: 2, column: 3 })
    assert.deepEqual(positionAt(text, 0), { line: 1, column: 1 })
    assert.equal(offsetOfByte('é😀x', 6), 3)
  })

  it('finds many places in one look as it finds each', () => {
    const some = fc.array(fc.constantFrom('a', '\n', '\r\n', '😀', 'é', ' '), { maxLength: 40 })
    fc.assert(
      fc.property(some, fc.array(fc.nat(60), { maxLength: 8 }), (parts, given) => {
        const text = parts.join('')
        // In the middle of a character is not where anything is found.
        const offsets = given
          .map((offset) => text.slice(0, offset).toWellFormed().length)
          .filter((offset) => text.slice(0, offset).isWellFormed())
          .toSorted((a, b) => a - b)
        const expected = offsets.map((offset) => {
          const lines = text.slice(0, offset).split('\n')
          return { line: lines.length, column: Array.from(lines.at(-1) ?? '').length + 1 }
        })
        assert.deepEqual(positionsAt(text, offsets), expected)
      }),
    )
  })

  it('measures nesting outside strings and comments', () => {
    assert.equal(nesting('([{}])'), 3)
    assert.equal(nesting('"(((" // [[[\n()'), 1)
  })
})
