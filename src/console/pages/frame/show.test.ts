import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { MAX_SHOWN } from '../../../platform/lib/text/visible.ts'
import { documentOf } from './document.ts'
import { html } from './html.ts'
import { isDeceptive, MAX_MARKS, marked, show, showLayout, showLines } from './show.ts'
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

  it('A2: shows nothing that cannot be seen or that turns the line around', () => {
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
        .matchAll(/<mark class="twin" title="([^"]*)">(.+?)<\/mark>/gu),
    ].map(([, title, character]) => `${character} ${title}`)

  it('are marked where they stand among Latin letters, or are a whole word of lookalikes', () => {
    assert.deepEqual(marks('раypal.com'), ['ра U+0440 U+0430, looks like pa'])
    assert.equal(marks('орсе').length, 1)
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

describe('a text that an agent made to stall the page', () => {
  it('is marked in runs, a few hundred at most, and then as a whole', () => {
    const nasty = 'pаy '.repeat(10_000)
    const shown = show(nasty).toString()
    assert.equal(shown.split('<mark').length - 1, MAX_MARKS + 1)
    assert.equal(textContent(shown), nasty)
    assert.ok(shown.length < nasty.length + 100 * MAX_MARKS)
    const one = show('а'.repeat(60_000)).toString()
    assert.equal(one.split('<mark').length - 1, 1)
  })

  it('is cut, with what it was cut from', () => {
    const shown = show('x'.repeat(1_000_000)).toString()
    assert.ok(shown.length < MAX_SHOWN + 500)
    assert.match(shown, /and 934464 more characters. SHA-256 of the whole: <code>[0-9a-f]{64}</)
  })

  it('is shown whole up to the limit, also where what is written out is longer', () => {
    const text = '\u2800'.repeat(MAX_SHOWN)
    assert.equal(textContent(show(text).toString()), '\\u{2800}'.repeat(MAX_SHOWN))
  })

  it('costs no more than a few times its length, whatever it is made of', () => {
    for (const one of ['а', 'pаy ', '\u200b', '\u2800', '\u0336', '`', '\\', '𐐄 ', '"\u0301 ']) {
      const text = one.repeat(Math.floor(MAX_SHOWN / one.length))
      assert.ok(show(text).toString().length < 10 * MAX_SHOWN, JSON.stringify(one))
    }
  })
})

describe('a sentence', () => {
  it('gives each value a direction of its own, so that none moves the words around it', () => {
    const sentence = 'Pay "אבג", 100 EUR to "a\\"b"'
    const shown = marked(sentence).toString()
    assert.equal(textContent(shown), sentence)
    assert.match(shown, /^<bdi>Pay <bdi>&quot;אבג&quot;<\/bdi>, 100 EUR to <bdi>.*<\/bdi><\/bdi>$/)
  })

  it('has amounts in the language of its reader, outside of values', () => {
    const words = new Map([['100.00 EUR', '100,00 EUR']])
    const shown = (text: string) => textContent(marked(text, 200, words).toString())
    assert.equal(shown('Pay 100.00 EUR to "100.00 EUR"'), 'Pay 100,00 EUR to "100.00 EUR"')
    assert.equal(shown('Pay 9100.00 EUR, 100.00 EUROS'), 'Pay 9100.00 EUR, 100.00 EUROS')
  })
})

describe('a run of one hidden character', () => {
  it('is one mark that says how many they are, with all of them in it', () => {
    const shown = show(`a${'\u0336'.repeat(500)}b`).toString()
    assert.equal(shown.split('<mark').length, 2)
    assert.match(shown, /<mark class="hidden run" data-count="500"/)
    assert.equal(textContent(shown), `a${'\\u{336}'.repeat(500)}b`)
  })
})

describe('text of several lines', () => {
  it('keeps indentation and line breaks where space is kept, and marks what hides there', () => {
    const policy = 'permit (\n    principal\n);'
    assert.equal(showLayout(policy).toString(), `<bdi>${policy}</bdi>`)
    assert.equal(isDeceptive(policy), false)
    assert.match(showLayout('a\u2800b').toString(), /<mark class="hidden"[^>]*>\\u\{2800\}<\/mark>/)
  })

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
