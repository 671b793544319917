import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { sha256hex } from '../../../platform/lib/bytes.ts'
import { type Canonical, canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { ExactNumber } from '../../../platform/lib/json.ts'
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

it('a call is shown whole, up to a limit', () => {
  const large = canonicalJson({ lines: Array.from({ length: 4000 }, (_, i) => `line ${i}`) })
  assert.equal(bytesOf(showJson(large).toString()), large)
})

it('a call beyond the limit is told by its size and digest, with the exact bytes to download', () => {
  const large = canonicalJson({ lines: Array.from({ length: 240 }, () => 'а'.repeat(2030)) })
  const shown = showJson(large, '/approvals/req_1/call').toString()
  assert.ok(shown.length < 300, shown)
  assert.match(shown, new RegExp(`${Buffer.byteLength(large)} bytes`))
  assert.match(shown, new RegExp(sha256hex(large)))
  assert.match(shown, /href="\/approvals\/req_1\/call" download/)
})

it('what is shown costs no more than a few times its length, whatever it is made of', () => {
  const many = (value: Canonical, count: number) =>
    canonicalJson(Array.from({ length: count }, () => value))
  let deep: Canonical = 'x'
  for (let i = 0; i < 3000; i++) deep = [deep]
  for (const text of [
    many('pаy', 10_000),
    many('\u2800', 9_000),
    many([], 20_000),
    many('\u001b', 6_000),
    canonicalJson('а\u200b'.repeat(30_000)),
    canonicalJson(deep),
  ])
    assert.ok(showJson(text).toString().length < 1_500_000, text.slice(0, 20))
})

it('indentation in a text is layout, and not marked', () => {
  assert.doesNotMatch(showJson('"permit (    principal)"').toString(), /<mark/)
  assert.match(showJson('"a\\u001bb"').toString(), /<mark class="hidden"[^>]*>\\u001b</)
})
