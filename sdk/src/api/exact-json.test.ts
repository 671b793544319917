import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { ApiRefusal } from './answer.ts'
import { type ExactJson, ExactNumber, readExactJson } from './exact-json.ts'

const code = (text: string) => {
  try {
    readExactJson(text)
  } catch (error) {
    return (error as ApiRefusal).code // it throws nothing else
  }
  return 'read'
}

it('reads JSON, and keeps numbers as they were written', () => {
  const number = (text: string) => new ExactNumber(text)
  for (const [text, value] of [
    ['null', null],
    [' true\n', true],
    ['""', ''],
    ['"\\u00e9\\n\\ud83d\\ude00"', 'é\n😀'],
    ['[]', []],
    ['{}', new Map()],
    [
      '[1, 1.0, 1e2, -0, 9007199254740993]',
      ['1', '1.0', '1e2', '-0', '9007199254740993'].map(number),
    ],
    ['{"a": {"b": [false]}}', new Map([['a', new Map([['b', [false]]])]])],
    ['{"constructor": 1}', new Map([['constructor', number('1')]])],
  ] as [string, ExactJson][])
    assert.deepEqual(readExactJson(text), value, text)
})

it('reads nothing that another parser could read differently', () => {
  for (const text of [
    '',
    ' ',
    '{',
    '[1,]',
    '[,1]',
    '{"a":1,}',
    '{"a" 1}',
    '{a:1}',
    "{'a':1}",
    '01',
    '+1',
    '1.',
    '.5',
    '0x1',
    'NaN',
    'Infinity',
    '1 2',
    'nulll',
    'tru',
    '"\t"',
    '"\\x41"',
    '"\\ud800"',
    '"\\u0000"',
    '"unended',
    '\ufeff{}',
    '// 1\n1',
    '\u00a01',
  ])
    assert.equal(code(text), 'input.malformed', JSON.stringify(text))
  assert.equal(code('{"a":1,"a":1}'), 'input.duplicate_key')
  assert.equal(code('{"a":1,"\\u0061":1}'), 'input.duplicate_key')
  assert.equal(code('[{"x":{"b":1,"b":2}}]'), 'input.duplicate_key')
  for (const name of ['__proto__', '__entity', '__extn', '__expr', '\\u005f_proto__'])
    assert.equal(code(`{"x":[{"${name}":1}]}`), 'input.forbidden_key', name)
})

it('is bounded in depth, and not in length', () => {
  assert.equal(code('['.repeat(64) + ']'.repeat(64)), 'read')
  assert.equal(code('['.repeat(65) + ']'.repeat(65)), 'input.too_deep')
  assert.equal(code('{"a":'.repeat(100_000)), 'input.too_deep')
  const long = 1024 * 1024
  assert.equal(code(`"${'x'.repeat(long)}"`), 'read')
  assert.equal(code(`"${'\\n'.repeat(long)}"`), 'read')
  assert.equal(code(`"${'x'.repeat(long)}`), 'input.malformed')
  assert.equal(code(`[${'1,'.repeat(long)}1]`), 'read')
})
