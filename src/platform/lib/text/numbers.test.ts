import assert from 'node:assert/strict'
import { it } from 'node:test'
import fc from 'fast-check'
import { localNumber } from './numbers.ts'

it('a number is written as its reader writes it, exactly', () => {
  const written = (text: string, locale: string, code?: string) =>
    localNumber(text, locale, code).replaceAll(/\s/gu, ' ')
  assert.equal(written('1000.5', 'en', 'EUR'), 'EUR 1,000.50')
  assert.equal(written('1000.5', 'de', 'EUR'), '1.000,50 EUR')
  assert.equal(written('1000.1234', 'en', 'EUR'), 'EUR 1,000.1234')
  assert.equal(written('1000', 'en', 'JPY'), 'JPY 1,000')
  assert.equal(written('1000', 'ar-EG', 'EUR').replaceAll(/[^0-9.,]/g, ''), '1,000.00')
  assert.equal(written('922337203685477.5807', 'en'), '922,337,203,685,477.5807')
  assert.equal(written('1e3', 'en', 'EUR'), '1e3 EUR')
  assert.equal(written('9'.repeat(5_000), 'en'), '9'.repeat(5_000))
})

it('no digit is lost in any language', () => {
  const digits = fc.stringMatching(/^(?:0|[1-9][0-9]{0,18})(?:\.[0-9]{1,4})?$/)
  fc.assert(
    fc.property(digits, fc.constantFrom('en', 'de', 'fr-CH', 'hi', 'ja', 'ar'), (text, locale) => {
      const read = localNumber(text, locale, 'KWD').replaceAll(/[^0-9]/gu, '')
      const fraction = text.split('.')[1] ?? ''
      assert.equal(read, text.replace('.', '') + '0'.repeat(Math.max(0, 3 - fraction.length)))
    }),
    { numRuns: 300 },
  )
})
