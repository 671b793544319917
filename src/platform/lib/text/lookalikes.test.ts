import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, it } from 'node:test'
import { hasLookalikes, lookalikesIn } from './lookalikes.ts'
import { visible } from './visible.ts'

const found = (text: string) => [...lookalikesIn(text)].map(({ says }) => says)

describe('what passes for something else', () => {
  const attacks: readonly (readonly [string, string, string])[] = [
    ['Cyrillic among Latin', 'раypal', 'U+0440 U+0430, looks like pa'],
    ['a word of Cyrillic lookalikes', 'орсе', 'U+043E U+0440 U+0441 U+0435, looks like opce'],
    ['a small capital', 'ᴏrder', 'U+1D0F, looks like o'],
    ['Lisu', 'ꓐꓮꓠꓗ', 'U+A4D0 U+A4EE U+A4E0 U+A4D7, looks like BANK'],
    ['Cherokee', 'ᎪᎡᎢ', 'U+13AA U+13A1 U+13A2, looks like ART'],
    ['Coptic', 'ⲟrder', 'U+2C9F, looks like o'],
    ['Deseret', '𐐄rder', 'U+10404, looks like O'],
    ['fullwidth', 'ａdmin', 'U+FF41, looks like a'],
    ['a slash of fractions', '1⁄2', 'U+2044, looks like /'],
    [
      'a letter of another alphabet that looks like none',
      'fooД',
      'U+0414, from another alphabet than what stands around it',
    ],
    [
      'a point of Hebrew on a Latin letter',
      'pa\u05b0y',
      'U+05B0, from another alphabet than what stands around it',
    ],
    [
      'vowel signs of Arabic on Latin letters',
      'pa\u0650\u064ey',
      'U+0650 U+064E, from another alphabet than what stands around it',
    ],
    ['digits of NKo', '߁߀', 'U+07C1 U+07C0, stands for 10'],
    ['digits of Lao', '໑໐', 'U+0ED1 U+0ED0, stands for 10'],
    ['digits of Tamil', '௧௦', 'U+0BE7 U+0BE6, stands for 10'],
    ['a Bengali four, which looks like 8', '৪', 'U+09EA, stands for 4'],
    [
      'a thousands separator of Arabic among ASCII digits',
      '1٬000',
      'U+066C, from another alphabet than what stands around it',
    ],
  ]
  for (const [what, text, says] of attacks) {
    it(`is found: ${what}`, () => assert.deepEqual(found(text), [says]))
  }

  it('is found in each part of an Arabic number', () => {
    assert.equal(found('٠٫٬').length, 3)
    assert.equal(found('١٬٠٠٠٫٥٠').length, 5)
  })

  it('is not found in honest text of any one script', () => {
    for (const text of [
      'Refund 900.00 on order "1042"',
      'Grüße aus Köln, æ ł Sørensen',
      'Возврат заказа у Иванова с другом, дом 5а',
      'Ελλάδα, και η Αθήνα',
      'محمد بن سلمان، مرحبا۔',
      'משה סוס שלו',
      '東京の注文！ Tシャツ、Aグループ',
      '서울 A급',
      'naïve café, “quoted” – dash … ½ m² 3 × 4',
      '👨‍👩‍👧 ❤️ 1️⃣',
    ])
      assert.deepEqual(found(text), [], text)
  })

  it('is every row of the table of UTS #39 that passes for one ASCII character', () => {
    const table: Readonly<Record<string, string>> = createRequire(import.meta.url)(
      'unhomoglyph/data.json',
    )
    const rows = Object.entries(table).filter(
      ([from, to]) => /^[\x21-\x7e]$/.test(to) && from > '\u00ff',
    )
    assert.ok(rows.length > 1_500, String(rows.length))
    const missed = rows.filter(
      ([from]) => !hasLookalikes(`pay${from}pal`) && visible(`pay${from}pal`) === `pay${from}pal`,
    )
    // Ordinary typography.
    const ordinary = /^[\p{Pi}\p{Pf}\u2013\u2014\u2026\u2070-\u2079]$/v
    assert.deepEqual(
      missed.filter(([from]) => !ordinary.test(from)),
      [],
    )
  })

  it('is told once for neighbours, however many they are', () => {
    const [run, ...more] = lookalikesIn('а'.repeat(100_000))
    assert.deepEqual([run?.from, run?.to, more.length], [0, 100_000, 0])
    assert.ok((run?.says.length ?? 999) < 150)
  })

  it('ends at the first one for whoever asks only whether there is any', () => {
    assert.equal(hasLookalikes(`х${'а'.repeat(1_000_000)}`), true)
    assert.equal(hasLookalikes('x'.repeat(1_000_000)), false)
  })
})
