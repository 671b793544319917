import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { onlyAction, planOperation } from '../../../catalog/catalog/testing.ts'
import { parseJson } from '../../../platform/lib/json.ts'
import { typedArguments } from './arguments.ts'

const deep = { style: 'deepObject' }
const action = onlyAction(
  planOperation({
    parameters: [
      {
        ...{ in: 'query', name: 'filter', ...deep },
        schema: { type: 'object', properties: { status: { type: 'string' } } },
      },
    ],
    requestBody: {
      content: {
        'application/x-www-form-urlencoded': {
          encoding: { items: deep },
          schema: {
            type: 'object',
            properties: {
              amount: { type: 'integer' },
              tags: { type: 'array', items: { type: 'string' } },
              live: { type: 'boolean' },
              items: {
                type: 'array',
                items: { type: 'object', properties: { quantity: { type: 'integer' } } },
              },
              metadata: { type: 'object', additionalProperties: { type: 'string' } },
            },
          },
        },
      },
    },
  }),
)

function typed(text: string) {
  const args = parseJson(text)
  assert.ok(args instanceof Map)
  const result = typedArguments(action, args)
  return result.ok ? result.arguments : `${result.reason} ${result.pointer}`
}

describe('F8: arguments that an enforcement point states for a form', () => {
  it('are those of a call with this form', () => {
    const args = typed(
      '{"id":"7","amount":5,"tags":["a","b"],"live":true,"items":[{"quantity":2}],"filter":{"status":"open"},"metadata":{"order":"1"}}',
    )
    assert.ok(typeof args !== 'string', String(args))
    assert.deepEqual([...args.keys()], ['id', 'filter', 'amount', 'tags', 'live', 'items'])
    assert.deepEqual(args.get('amount'), { kind: 'integer', text: '5' })
    const items = args.get('items')
    assert.ok(items?.kind === 'set' && items.items[0]?.kind === 'record')
    assert.deepEqual(items.items[0].fields.get('quantity'), { kind: 'integer', text: '2' })
    const none = typed('{"id":"7"}')
    assert.ok(typeof none !== 'string')
  })

  it('are refused where they have no form as text, or another type', () => {
    for (const [text, refusal] of [
      ['{"id":"7","amount":null}', 'arguments.wrong_kind /amount'],
      ['{"id":"7","amount":"x"}', 'arguments.wrong_kind /amount'],
      ['{"id":"7","tags":[["a"]]}', 'arguments.wrong_kind /tags'],
      ['{"id":["7"]}', 'arguments.wrong_kind /id'],
      ['{"id":["7","8"]}', 'arguments.wrong_kind /id'],
      ['{"id":"7","amount":[1,2]}', 'arguments.repeated /amount'],
      ['{"id":"7","items":[{"price":"a"}]}', 'arguments.unknown /items/0/price'],
      ['{"id":"7","other":1}', 'arguments.unknown /other'],
    ] as const)
      assert.equal(typed(text), refusal, text)
  })
})
