import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { TypedValue } from '@remit/engine'
import fc from 'fast-check'
import { quoted, visible } from '../../platform/lib/text/visible.ts'
import { checkSentence, renderSentence } from './sentence.ts'
import { jsonBody, onlyAction, planOperation } from './testing.ts'

const action = onlyAction(
  planOperation(
    jsonBody({
      type: 'object',
      properties: {
        amount: { type: 'number' },
        note: { type: 'string' },
        tags: { type: 'array', items: { type: 'string' } },
        address: { type: 'object', properties: { city: { type: 'string' } } },
        any: {},
      },
    }),
  ),
)

function render(sentence: string, args: Record<string, TypedValue>): string {
  return renderSentence({ sentence }, new Map(Object.entries(args)))
}

const text = (value: string): TypedValue => ({ kind: 'string', value })

describe('sentences', () => {
  it('show numbers as they were sent and strings in quotes', () => {
    assert.equal(
      render('Refund {amount} on order {order_id}', {
        amount: { kind: 'decimal', text: '900.00' },
        order_id: text('1042'),
      }),
      'Refund 900.00 on order "1042"',
    )
  })

  it('show what was not given, lists and members', () => {
    assert.equal(
      render('{note} {tags} {address/city} {address}', {
        tags: { kind: 'set', items: [text('a'), text('b')] },
        address: { kind: 'record', fields: new Map([['city', text('B')]]) },
      }),
      '(not given) ["a", "b"] "B" {city: "B"}',
    )
  })

  it('leave out a part in brackets unless everything it names was given', () => {
    const sentence = 'Refund {amount}[, with the note {note}][ to {address/city} ({tags})]'
    const amount: TypedValue = { kind: 'decimal', text: '9.00' }
    const tags: TypedValue = { kind: 'set', items: [text('[a]')] }
    assert.equal(render(sentence, { amount }), 'Refund 9.00')
    assert.equal(render(sentence, { amount, tags }), 'Refund 9.00')
    assert.equal(
      render(sentence, { amount, note: text('[{amount}]'), tags }),
      'Refund 9.00, with the note "[{amount}]"',
      'a value is no template',
    )
    assert.equal(render('[Beta] {amount}', { amount }), '[Beta] 9.00', 'words stay words')
    assert.equal(render('{filter[name]}', { 'filter[name]': text('x') }), '"x"')
  })

  it('state an amount with its currency, and digits stay as they were sent', () => {
    const shown = (display: string, amount: string, currency?: string) =>
      renderSentence(
        { sentence: 'Refund {amount} to {note}', displays: { '/amount': display } },
        new Map<string, TypedValue>([
          ['amount', { kind: 'decimal', text: amount }],
          ['note', text('900.00 EUR')],
          ...(currency === undefined ? [] : [['currency', text(currency)] as const]),
        ]),
      )
    assert.equal(shown('currency:EUR', '900'), 'Refund 900 EUR to "900.00 EUR"')
    assert.equal(shown('currency:EUR', '1000.1234'), 'Refund 1000.1234 EUR to "900.00 EUR"')
    assert.equal(shown('currency:EUR:minor', '90005'), 'Refund 900.05 EUR to "900.00 EUR"')
    assert.equal(shown('currency:EUR:minor', '-5'), 'Refund -0.05 EUR to "900.00 EUR"')
    assert.equal(shown('currency:JPY:minor', '900'), 'Refund 900 JPY to "900.00 EUR"')
    assert.equal(shown('currency:/currency', '9.00', 'usd'), 'Refund 9.00 USD to "900.00 EUR"')
    assert.match(shown('currency:/currency', '9.00', 'EUR\u202e'), /^Refund 9.00 "EUR\\u\{202e\}"/)
    assert.match(shown('currency:/currency', '9.00'), /^Refund 9.00 \(no currency given\)/)
    assert.match(shown('unit:kg', '9.50'), /^Refund 9.50 kg to/)
    assert.match(shown('date', '9.50'), /^Refund 9.50 to/)
  })

  it('G4: state the currency that the API takes by default where none is given', () => {
    const shown = (currency: object, given: Record<string, TypedValue> = {}) => {
      const amount = { type: 'number' }
      const action = onlyAction(
        planOperation(jsonBody({ type: 'object', properties: { amount, currency } })),
      )
      const displays = { '/amount': 'currency:/currency' }
      const args = { amount: { kind: 'decimal', text: '9.00' } as const, ...given }
      const { arguments: schema } = action
      const of = { sentence: 'Refund {amount}', displays, arguments: schema }
      return renderSentence(of, new Map<string, TypedValue>(Object.entries(args)))
    }
    const currency = { type: 'string', default: 'EUR' }
    assert.equal(shown(currency), 'Refund 9.00 EUR (by default)')
    assert.equal(shown(currency, { currency: text('USD') }), 'Refund 9.00 USD')
    assert.equal(shown({ ...currency, default: 'none' }), 'Refund 9.00 (no currency given)')
    assert.equal(shown({ type: 'string' }), 'Refund 9.00 (no currency given)')
    const nullable = { anyOf: [currency, { type: 'null' }] }
    assert.equal(shown(nullable), 'Refund 9.00 (no currency given)')
  })

  it('state values in lists as they state any other, each with what stands beside it', () => {
    const item = (amount: string, currency?: string): TypedValue => ({
      kind: 'record',
      fields: new Map<string, TypedValue>([
        ['amount', { kind: 'decimal', text: amount }],
        ...(currency === undefined ? [] : [['cur', text(currency)] as const]),
      ]),
    })
    const shown = (displays: Record<string, string>, items: readonly TypedValue[]) =>
      renderSentence(
        { sentence: 'Pay {items}', displays },
        new Map<string, TypedValue>([
          ['items', { kind: 'set', items }],
          ['cur', text('CHF')],
        ]),
      )
    const own = { '/items/*/amount': 'currency:/items/*/cur' }
    assert.equal(
      shown(own, [item('12.50', 'EUR'), item('7', 'USD'), item('1')]),
      'Pay [{amount: 12.50 EUR, cur: "EUR"}, {amount: 7 USD, cur: "USD"}, {amount: 1 (no currency given)}]',
    )
    const shared = { '/items/*/amount': 'currency:/cur' }
    assert.equal(shown(shared, [item('12.50')]), 'Pay [{amount: 12.50 CHF}]')
    const weights: TypedValue = { kind: 'set', items: [{ kind: 'integer', text: '4' }] }
    assert.equal(shown({ '/items/*/*': 'unit:kg' }, [weights]), 'Pay [[4 kg]]')
    assert.equal(shown({ '/items/*': 'unit:kg' }, [weights]), 'Pay [[4]]')
  })

  it('keep a value from looking like part of the sentence', () => {
    assert.equal(
      render('Note {note}.', { note: text('ok". Refund {amount} "\n\u202efoo\u200b') }),
      'Note "ok\\". Refund {amount} \\"\\u{a}\\u{202e}foo\\u{200b}".',
    )
    const many = render('Note {note}', { note: text(`a${' '.repeat(3)}b`) })
    assert.equal(many, 'Note "a \\u{20}\\u{20}b"')
  })

  it('are refused when they name what is not there, or could not be read', () => {
    const mistakes = (template: string) => checkSentence(template, action.arguments).join('; ')
    assert.equal(mistakes('Pay {amount} for {id} to {address/city}'), '')
    assert.match(mistakes('Pay {sum}'), /`{sum}` is not an argument/)
    assert.match(mistakes('Pay {any}'), /has no type/)
    assert.match(mistakes('Pay {address/street}'), /not an argument/)
    assert.match(mistakes('Pay {amount'), /no partner/)
    assert.match(mistakes('Pay {{amount}}'), /no partner/)
    assert.match(mistakes(' '), /empty/)
    assert.equal(mistakes('[Beta] Pay {amount}[ for {id}]'), '')
    assert.match(mistakes('Pay [{amount}'), /bracket has no partner/)
    assert.match(mistakes('Pay [{amount}[ for {id}]]'), /within brackets/)
    assert.match(mistakes('[Pay {amount}]'), /all of it may be left out/)
    assert.match(mistakes('Pay[ {sum}]'), /`{sum}` is not an argument/)
    assert.match(mistakes('Pay\u202e'), /invisible/)
    assert.match(mistakes('x'.repeat(401)), /longer/)
    assert.match(mistakes('{__proto__}'), /not an argument/)
  })
})

describe('making text visible', () => {
  it('hides nothing, and can be undone', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (original) => {
        const shown = visible(original)
        assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u)
        const undone = shown.replaceAll(/\\(?:u\{([0-9a-f]+)\}|\\)/g, (_, hex?: string) =>
          hex === undefined ? '\\' : String.fromCodePoint(Number.parseInt(hex, 16)),
        )
        assert.equal(undone, original)
      }),
      { numRuns: 2000 },
    )
  })

  it('leaves ordinary text as it is', () => {
    const ordinary = 'Übergrößenträger für 3 €: 注文 «x» ₤ é'
    assert.equal(visible(ordinary), ordinary)
    assert.equal(quoted('say "x"'), '"say \\"x\\""')
  })
})
