import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isReadableLine, writeOutHidden } from './hidden.ts'
import { legible, visible, visibleLines } from './visible.ts'

/** Texts that are written out, whatever they are. */
const HIDDEN: readonly (readonly [string, string])[] = [
  ['a braille blank, which is a symbol that looks like nothing', 'a\u2800b'],
  ['a null notehead of musical notation', 'a\u{1d159}b'],
  ['an object that is not there', 'a\ufffcb'],
  ['a filler of Hangul, which counts as a letter', 'a\u3164b'],
  ['a stroke through a digit', '9\u03360'],
  ['a slash through a digit', '9\u0338'],
  ['a circle around a letter', 'a\u20dd'],
  ['a mark that has nothing to stand on', '"\u0301'],
  ['a joiner between letters', 'pay\u200dpal'],
  ['a direction that turns the line around', 'a\u202eb'],
  ['a selector that selects nothing', 'x\ufe0f'],
  ['a tag without a flag', 'a\u{e0041}b'],
]

/** Text of people who write so. */
const ORDINARY = [
  'Refund 900.00 on order "1042"',
  'Größe, façade, Łódź, Sørensen, Nguyễn Văn Thắng, ẹ́kọ́',
  'e\u0301 decomposed',
  'Возврат заказа',
  'مُحَمَّد بن سلمان',
  'שָׁלוֹם',
  'हिन्दी, ไทย, བོད་སྐད',
  '東京の注文、株式会社！',
  '👨‍👩‍👧 ❤️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿 👍🏽 🇩🇪',
]

describe('what people cannot see', () => {
  for (const [what, text] of HIDDEN) {
    it(`is written out: ${what}`, () => {
      assert.notEqual(visible(text), text)
      assert.notEqual(visibleLines(text), text)
      assert.equal(isReadableLine(text), false)
      assert.equal(legible(text).hidden, true)
    })
  }

  it('is the fifth mark on one letter, and every one of the ninety-six of a pile', () => {
    assert.equal(visible(`a${'\u0301'.repeat(4)}`), `a${'\u0301'.repeat(4)}`)
    assert.equal(visible(`a${'\u0301'.repeat(100)}`).split('\\u{301}').length, 97)
  })

  it('leaves text of any script as it is, accents and emoji too', () => {
    for (const text of ORDINARY) {
      assert.equal(visible(text), text)
      assert.equal(isReadableLine(text), true, text)
    }
  })

  it('is every code point of Unicode that has no glyph of its own, and no letter or digit', () => {
    const unseen =
      /^[\p{Bidi_Control}\p{Default_Ignorable_Code_Point}\p{Variation_Selector}\p{Cc}\p{Cf}\p{Noncharacter_Code_Point}\p{Pattern_White_Space}\p{White_Space}]$/v
    // Two letters of Egyptian are blanks.
    const seen = /^[[\p{L}\p{N}]--[\u{13441}\u{13442}]]$/v
    const wrong: string[] = []
    for (let code = 0; code <= 0x10ffff; code++) {
      const text = `a${String.fromCodePoint(code)}b`
      const character = text.slice(1, -1)
      const isHidden = unseen.test(character)
      if (character === ' ' || !(isHidden || seen.test(character))) continue
      if ((writeOutHidden(text) !== text) !== isHidden) wrong.push(code.toString(16))
    }
    assert.deepEqual(wrong, [])
  })

  it('makes no line to read of nothing but that', () => {
    for (const blank of ['\u2800\u2800', '\u{1d159}', '\u3164', '\u0336', '\u00a0', ' ', ''])
      assert.equal(isReadableLine(blank), false, JSON.stringify(blank))
  })

  it('comes to nothing on a second look', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const once = writeOutHidden(text)
        assert.equal(writeOutHidden(once), once)
      }),
      { numRuns: 300 },
    )
  })
})

describe('layout of several lines', () => {
  it('is no deception: indentation, runs of spaces, tabs and line breaks stay', () => {
    const policy = 'permit (\n    principal,\n\taction\n)    // aligned'
    assert.deepEqual(legible(policy), { text: policy, hidden: false })
  })

  it('is deception once it pushes words out of sight', () => {
    const padded = `pay${' '.repeat(300)}everything`
    assert.equal(legible(padded).hidden, true)
    assert.equal(visibleLines(padded).split('\\u{20}').length, 261)
  })

  it('is none in one line beside words of ours', () => {
    assert.equal(visible('a   b'), 'a \\u{20}\\u{20}b')
  })
})
