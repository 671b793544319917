import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { type Canonical, canonicalJson } from '../../lib/canonical-json.ts'
import { ExactNumber } from '../../lib/json.ts'
import { showJson } from './show-json.ts'
import { NASTY, textContent } from './testing.ts'

/** Back from the page to the bytes: parse what is displayed, and write it canonically. */
function bytesOf(markup: string): string {
  return canonicalJson(
    JSON.parse(textContent(markup), (_name, value: unknown, context?: { source?: string }) =>
      typeof value === 'number' ? new ExactNumber(context?.source ?? '') : value,
    ) as Canonical, // JSON.parse gives nothing else
  )
}

const text = fc
  .oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary' }), fc.string())
  .filter((one) => one.isWellFormed())
const { value } = fc.letrec<{ value: Canonical }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    text,
    fc.boolean(),
    fc.constant(null),
    fc
      .constantFrom('0', '900.00', '-1.5', '1e400', '12345678901234567890')
      .map((number) => new ExactNumber(number)),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      text.filter((name) => name !== '__proto__'),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
}))

it('what a page displays of a call decodes to the very bytes that are hashed and sent', () => {
  fc.assert(
    fc.property(value, (one) => {
      const canonical = canonicalJson(one)
      assert.equal(bytesOf(showJson(canonical).toString()), canonical)
    }),
    { numRuns: 1000 },
  )
})

it('nothing displayed is invisible, and no markup comes out of a value', () => {
  fc.assert(
    fc.property(value, (one) => {
      const markup = showJson(canonicalJson(one)).toString()
      const shown = textContent(markup).replaceAll('\n', '')
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u)
      for (const [tag] of markup.matchAll(/<[^>]*>/g)) {
        assert.match(
          tag,
          /^<(?:\/?(?:pre|code|bdi|mark)|pre class="json" tabindex="0"|mark class="(?:hidden|twin)" title="[^"<>]*")>$/,
        )
      }
    }),
  )
})

it('a large call is shown whole', () => {
  const canonical = canonicalJson({ note: 'x'.repeat(500_000), list: Array(2_000).fill('y\u200b') })
  assert.equal(bytesOf(showJson(canonical).toString()), canonical)
})
