import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { documentOf } from './document.ts'
import { html } from './html.ts'
import { isDeceptive, show, showLines } from './show.ts'
import { NASTY, textContent } from './testing.ts'

/** The inverse of `visible`. */
function unescaped(text: string): string {
  return text.replaceAll(/\\\\|\\u\{([0-9a-f]+)\}/g, (all, hex: string | undefined) =>
    hex === undefined ? all.slice(1) : String.fromCodePoint(Number.parseInt(hex, 16)),
  )
}

const anyText = fc.oneof(
  fc.constantFrom(...NASTY),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'binary' }),
)

describe('text from outside', () => {
  it('can be read back exactly from what a page shows', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        assert.equal(unescaped(textContent(show(text).toString())), text)
      }),
      { numRuns: 1000 },
    )
  })

  it('shows nothing that cannot be seen or that turns the line around', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        assert.doesNotMatch(
          textContent(show(text).toString()),
          /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u,
        )
      }),
      { numRuns: 1000 },
    )
  })

  it('keeps to itself: it stands in an element of its own direction', () => {
    assert.match(show('abc').toString(), /^<bdi>abc<\/bdi>$/)
  })
})

describe('lookalikes', () => {
  const marks = (text: string) =>
    [
      ...show(text)
        .toString()
        .matchAll(/<mark class="twin" title="([^"]*)">(.)<\/mark>/gu),
    ].map(([, title, character]) => `${character} ${title}`)

  it('are marked where they stand among Latin letters, or are a whole word of lookalikes', () => {
    assert.deepEqual(marks('раypal.com'), ['р U+0440, looks like p', 'а U+0430, looks like a'])
    assert.equal(marks('орсе').length, 4)
    assert.deepEqual(marks('1⁄2'), ['⁄ U+2044, looks like /'])
    assert.equal(marks('ａdmin').length, 1)
    assert.equal(isDeceptive('раypal'), true)
    assert.equal(isDeceptive('pay\u200bpal'), true)
  })

  it('are not seen in honest text of any script', () => {
    for (const text of [
      'Refund 900.00 on order "1042"',
      'Grüße aus Köln',
      'Возврат заказа',
      'Ελλάδα',
      '東京の注文',
      'naïve café, “quoted” – dash … ½ m²',
      'back\\slash',
    ]) {
      assert.deepEqual(marks(text), [], text)
      assert.equal(isDeceptive(text), false, text)
    }
  })
})

describe('text of several lines', () => {
  it('keeps its lines and paragraphs, and pushes nothing out of sight', () => {
    assert.equal(
      showLines('one\ntwo\n\nthree').toString(),
      '<bdi>one</bdi><br><bdi>two</bdi><br><br><bdi>three</bdi>',
    )
    const far = showLines(`one${'\n'.repeat(40)}two`).toString()
    assert.doesNotMatch(far, /<br>/)
    assert.equal(far.split('u{a}').length, 41)
  })
})

describe('the title of a page', () => {
  it('hides nothing either', () => {
    const page = documentOf({ title: 'pay\u200bpal \u202egnp', body: html`` })
    assert.match(page, /<title>pay\\u\{200b\}pal \\u\{202e\}gnp · Remit<\/title>/)
  })
})
