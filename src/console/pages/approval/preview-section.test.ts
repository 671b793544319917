import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from '../../../platform/lib/json.ts'
import { textContent } from '../frame/testing.ts'
import { previewSection } from './preview-section.ts'

function sectionOf(now: string, sent: string, method: 'PATCH' | 'PUT') {
  const answer = { state: 'fetched', value: parseJson(now), decisionId: 'dec_x' } as const
  const offered = { shows: 'now', title: 'Orders', method, sent: parseJson(sent), answer } as const
  return String(previewSection(offered, 'req_x'))
}

test('what a change leads to is in one line for each member, old and new alike', () => {
  const now =
    '{"status":"paid","paid":true,"zip":"0150","lines":[{"sku":"lamp","count":2}],"id":"1"}'
  const sent = '{"status":"shipped","paid":false,"zip":null,"lines":[]}'
  const patched = sectionOf(now, sent, 'PATCH')
  const text = textContent(patched)
  assert.match(text, /What will change/)
  assert.match(text, /status\s*paid becomes shipped/)
  assert.match(text, /paid\s*true becomes false/)
  assert.match(text, /zip\s*0150 becomes nothing/)
  assert.match(text, /1 unchanged/)
  assert.doesNotMatch(patched, /A list of/, 'a short list is open')
  const replaced = textContent(sectionOf(now, sent, 'PUT'))
  assert.match(replaced, /zip\s*0150 becomes null/)
  assert.match(replaced, /1 not in what is sent; the API decides/)
})

test('a long list is closed, and one that deceives is not', () => {
  const long = JSON.stringify({ lines: Array.from({ length: 60 }, (_, i) => `line ${i}`) })
  assert.match(sectionOf(long, '{"lines":[]}', 'PATCH'), /<summary>A list of 60<\/summary>/)
  const hidden = long.replace('line 7', 'line \u202e7')
  assert.doesNotMatch(sectionOf(hidden, '{"lines":[]}', 'PATCH'), /A list of 60/)
})
