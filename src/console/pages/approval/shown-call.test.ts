import assert from 'node:assert/strict'
import { it } from 'node:test'
import { frozenText } from '../../../approvals/access-requests/index.ts'
import { aCall } from '../../../approvals/approvals/testing.ts'
import type { Canonical } from '../../../platform/lib/canonical-json.ts'
import { MAX_SHOWN } from '../../../platform/lib/text/visible.ts'
import { textContent } from '../frame/testing.ts'
import { showCall } from './shown-call.ts'

async function shown(value: Canonical) {
  const call = frozenText(aCall({ body: { kind: 'json', value } }))
  let turns = 0
  const { rows, whole, ...told } = await showCall(
    call,
    '/approvals/req_1/call',
    undefined,
    async () => turns++,
  )
  return { ...told, call, turns, rows: rows.toString(), whole: whole.toString() }
}

it('others have their turn while a large call is written', async () => {
  const members = Object.fromEntries(
    Array.from({ length: 7 }, (_, i) => [`m${i}`, 'а'.repeat(8_500)]),
  )
  const { turns, tooLong } = await shown(members)
  assert.deepEqual({ turns, tooLong }, { turns: 9, tooLong: false })
})

it('whatever an agent sends within the limit is shown in full, and costs a few times its length', async () => {
  for (const one of ['а', '\u2800', '`', 'pаy ', '\u0336', '𐐄 ']) {
    const note = one.repeat(Math.floor(60_000 / one.length))
    const { rows, tooLong, whole } = await shown({ note })
    assert.equal(tooLong, false)
    assert.ok(rows.length + whole.length < 20 * MAX_SHOWN, `${rows.length} ${whole.length}`)
  }
  const { rows, whole } = await shown({ note: 'x'.repeat(60_000), list: Array(500).fill('y') })
  for (const html of [rows, whole]) assert.ok(textContent(html).includes('x'.repeat(60_000)))
})

it('what is beyond the limit costs the same however long it is', async () => {
  const of = (count: number) =>
    shown({ note: 'а'.repeat(100_000), list: Array(count).fill('а'.repeat(2_030)) })
  const [some, many] = await Promise.all([of(50), of(240)])
  assert.deepEqual([some.tooLong, many.tooLong], [true, true])
  assert.ok(Math.abs(many.rows.length - some.rows.length) < 100)
  assert.ok(many.rows.length + many.whole.length < 10_000)
  const members = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`m${i}`, 'v']))
  const wide = await shown(members)
  assert.match(textContent(wide.rows), /and 19951 more parts/)
  assert.ok(wide.rows.length < 10_000)
})

it('a long value is cut with how much more there is, and opens by itself where the rest deceives', async () => {
  const of = async (note: string) => (await shown({ note })).rows
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`)
  const honest = await of(lines.join('\n'))
  assert.match(honest, /<details class="rest"><summary>14 more lines: all of it<\/summary>/)
  assert.ok(textContent(honest).includes(lines.join('\n')), 'all of it, in one piece')
  const hidden = await of([...lines, 'pay раypal'].join('\n'))
  assert.match(hidden, /<details class="rest" open><summary>15 more lines/)
  assert.match(await of('x '.repeat(500)), /<summary>520 more characters: all of it/)
  assert.doesNotMatch(await of('one\ntwo'), /details/)
  const many = (await shown(Object.fromEntries(lines.map((line) => [line, 1])))).rows
  assert.match(many, /<summary>9 more parts<\/summary>/)
  const list = (await shown({ list: Array(300).fill('y') })).rows
  assert.match(list, /<summary>A list of 1201 characters<\/summary><pre class="json"/)
})

it('a megabyte of combining marks, a hundred thousand members and deep nesting cost as little as any call', async () => {
  let deep: Canonical = 'x'
  for (let i = 0; i < 500; i++) deep = [deep]
  const members = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`m${i}`, '\u0301']))
  for (const value of [
    { note: 'a\u0301\u0336\u20dd'.repeat(250_000) },
    { note: '\u202e\u2066a'.repeat(300_000) },
    { note: '\n'.repeat(1_000_000) },
    { note: ' раy'.repeat(250_000) },
    members,
    { deep },
    Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`deep${i}`, deep])),
  ]) {
    const { rows, turns, whole } = await shown(value)
    assert.ok(rows.length + whole.length < 20 * MAX_SHOWN, `${rows.length} ${whole.length}`)
    assert.ok(turns < 60, String(turns))
  }
})
