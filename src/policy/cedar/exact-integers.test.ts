import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { actionsWith, doing, forEachPolicyEngine } from '../policy/testing.ts'
import {
  exactJson,
  policyToJson,
  readExactJson,
  readForWasm,
  templateToJson,
} from './exact-integers.ts'

const policy = (condition: string) => `permit (principal, action, resource) when { ${condition} };`

function bodyOf(condition: string): unknown {
  const parsed = policyToJson(policy(condition))
  assert.equal(parsed.type, 'success', condition)
  return parsed.type === 'success' ? parsed.json.conditions[0]?.body : undefined
}

describe('integers of a policy', () => {
  it('are those that were written, to the ends of 64 bits', () => {
    for (const written of [
      ...['0', '1', '9007199254740991', '9007199254740992', '9007199254740993', '1000001'],
      ...['9223372036854775806', '9223372036854775807'],
    ]) {
      for (const sign of ['', '-']) {
        const body = bodyOf(`context.n == ${sign}${written}`)
        const exact = BigInt(sign + written)
        const value = Number.isSafeInteger(Number(exact)) ? Number(exact) + 0 : exact
        const expected = {
          left: { '.': { left: { Var: 'context' }, attr: 'n' } },
          right: { Value: value },
        }
        assert.deepEqual(body, { '==': expected }, sign + written)
        assert.deepEqual(readExactJson(exactJson(body)), body, 'also after a way as text')
      }
    }
    const least = bodyOf('-9223372036854775808 == context.n')
    assert.deepEqual(least, {
      '==': {
        left: { Value: -(2n ** 63n) },
        right: { '.': { left: { Var: 'context' }, attr: 'n' } },
      },
    })
  })

  it('are refused beyond, as Cedar refuses them', () => {
    for (const [condition, integer] of [
      ['context.n == 9223372036854775808', '9223372036854775808'],
      ['context.n == -9223372036854775809', '9223372036854775809'],
      ['context.n == 0 - 9223372036854775808', '9223372036854775808'],
      ['context.n == 99999999999999999999999', '99999999999999999999999'],
    ] as const) {
      const parsed = policyToJson(policy(condition))
      assert.equal(parsed.type, 'failure', condition)
      assert.match(JSON.stringify(parsed), new RegExp(integer))
    }
  })

  it('are found outside of strings, comments and names only, and never mistaken for one another', () => {
    const text = policy(
      `context.x9223372036854775807 == "9223372036854775807 // 9007199254740993" // 9007199254740993
       && 9007199254740993 == 1000001 && 1000002 != 9007199254740995 && 9007199254740993 > 1000003`,
    )
    const parsed = policyToJson(text)
    assert.ok(parsed.type === 'success')
    const json = exactJson(parsed.json)
    assert.deepEqual(json.match(/[0-9]{7,}/g), [
      ...['9223372036854775807', '9223372036854775807', '9007199254740993'],
      ...[
        '9007199254740993',
        '1000001',
        '1000002',
        '9007199254740995',
        '9007199254740993',
        '1000003',
      ],
    ])
  })

  it('are found past strings with escapes, and comments with quotes', () => {
    const text = 'a\\"bc 9007199254740993'
    const body = bodyOf(
      `context.s == "${text}" && // an "open quote
       9007199254740993 == context.n // and "another
       && context.s != "1000001"`,
    )
    const json = exactJson(body)
    assert.deepEqual(json.match(/[0-9]{7,}/g), ['9007199254740993', '9007199254740993', '1000001'])
    assert.match(json, /"1000001"/)
    assert.match(json, /"Value":9007199254740993/)
    assert.match(json, /bc 9007199254740993"/)
  })

  it('are found past strings with several escapes, one after the other or with text between', () => {
    for (const text of [
      '\\"\\" 9007199254740993',
      '\\"a\\"b 9007199254740993',
      'a\\\\',
      '\\"',
      '9007199254740993 \\"',
    ]) {
      const json = exactJson(bodyOf(`context.s == "${text}" && context.n == 9007199254740995`))
      const inText = text.includes('9007') ? ['9007199254740993'] : []
      assert.deepEqual(json.match(/[0-9]{7,}/g), [...inText, '9007199254740995'], text)
      assert.match(json, /"Value":9007199254740995/, text)
    }
  })

  it('of a template are exact, too', () => {
    const slot = 'permit (principal == ?principal, action, resource)'
    const parsed = templateToJson(`${slot} when { context.n == 9007199254740993 };`)
    assert.ok(parsed.type === 'success')
    assert.match(exactJson(parsed.json), /"Value":9007199254740993/)
    assert.equal(templateToJson(`${slot} when {`).type, 'failure')
  })

  it('are read exactly from text alone', () => {
    assert.deepEqual(readExactJson('[9007199254740993,1]'), [9007199254740993n, 1])
    assert.equal(JSON.stringify(readForWasm('[9007199254740993]')), '[9007199254740993]')
  })

  it('leave the places in messages where they were', () => {
    const text = policy('9223372036854775807 == 9223372036854775807 == context')
    const [with_, without] = [
      text,
      text.replaceAll('9223372036854775807', '0000000000000000001'),
    ].map((each) => {
      const parsed = policyToJson(each)
      assert.ok(parsed.type === 'failure')
      return parsed.errors[0]?.sourceLocations
    })
    assert.deepEqual(with_, without)
  })
})

forEachPolicyEngine('integers of 64 bits', (load) => {
  it('are compared and counted with exactly, by policies and by what they could permit', () => {
    const set = load(
      `@id("most") permit (principal, action == Action::"things.do", resource)
       when { context.args has n && context.args.n + 1 == 9223372036854775807 };
       @id("never") forbid (principal, action, resource)
       when { 9007199254740993 == 9007199254740992 || 9223372036854775807 < 9223372036854775806 };`,
      actionsWith({ n: { type: 'integer' } }),
    )
    const ask = (n: string) => set.evaluate(doing({ n: { integer: n } }), 'nothing')
    assert.deepEqual(ask('9223372036854775806').determining, ['most'])
    assert.deepEqual(ask('9223372036854775805').determining, [])
    assert.equal(ask('9223372036854775807').errors.length, 1)
    const { args: _, ...around } = doing({}).context
    assert.equal(set.evaluate({ ...doing({}), context: around }, 'arguments').permitted, true)
  })
})
