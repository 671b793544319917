import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printJson } from '../../platform/lib/json.ts'
import { KeptPages } from './kept-pages.ts'

test('pages are kept in so much memory and no more', () => {
  const pages = new KeptPages(1_000)
  const page = (text: string) => ({ entries: [text], last: undefined })
  const length = (text: string) => printJson([text]).length
  pages.put('a', page('x'.repeat(400)))
  pages.put('b', page('y'.repeat(400)))
  assert.ok(pages.get('a'))
  const large = page('z'.repeat(1_000))
  assert.equal(pages.put('large', large), large)
  assert.equal(pages.get('large'), undefined)
  const third = pages.put('c', page('w'.repeat(400)))
  assert.equal(pages.get('b'), undefined)
  assert.ok(pages.get('a'))
  assert.equal(pages.bytesOf(third.entries)?.length, length('w'.repeat(400)))
})
