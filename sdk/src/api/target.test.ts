import assert from 'node:assert/strict'
import { it } from 'node:test'
import { UsageError } from '../errors.ts'
import { readTarget, template } from './target.ts'

it('reads path and query, decoded once', () => {
  assert.deepEqual(readTarget('/'), { segments: [], query: [] })
  assert.deepEqual(readTarget('/a%20b/%C3%A9?q=1&q=%2B&r'), {
    segments: ['a b', 'é'],
    query: [
      ['q', '1'],
      ['q', '+'],
      ['r', ''],
    ],
  })
  assert.deepEqual(readTarget('/a?x=a=b').query, [['x', 'a=b']])
})

it('reads no target that could be read in two ways', () => {
  for (const target of [
    '',
    'a',
    'http://api.example/a',
    '*',
    '//a',
    '/a/',
    '/a//b',
    '/a b',
    '/a\\b',
    '/a;b=1',
    '/a#b',
    '/a%2',
    '/a%ff',
    '/%c3%28',
    '/é',
    '/a?&',
    '/a?=1',
    '/a?x=1&&y=2',
    '/a?x=+',
    '/a?x=%zz',
    '/a?x#y',
  ])
    assert.throws(() => readTarget(target), { code: 'request.ambiguous_target' }, target)
})

it('finds parameters by whole segments', () => {
  const matches = template('/orders/{order_id}/refunds')
  assert.deepEqual(matches(['orders', '1042', 'refunds']), new Map([['order_id', '1042']]))
  for (const other of [
    ['orders', '1042'],
    ['orders', '1042', 'refunds', '1'],
    ['Orders', '1042', 'refunds'],
    ['orders', '', 'refunds'],
  ])
    assert.equal(matches(other), undefined)
  assert.deepEqual(template('/')([]), new Map())
})

it('takes no path that a framework would read in its own way', () => {
  for (const path of ['orders', '/orders/', '/orders/:id', '/a{b}', '/*', '/{a}{b}', '/a/{}'])
    assert.throws(() => template(path), UsageError, path)
})
